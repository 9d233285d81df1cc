"""The study "savings": how much energy does expert selection save, layer by layer?"""
