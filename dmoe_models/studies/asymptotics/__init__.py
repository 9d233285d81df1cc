"""The study "asymptotics": does JESA become optimal as subcarriers grow?"""
