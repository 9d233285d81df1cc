"""The commands of `dmoe`: one file each, called like the command; a folder is a group of them.

The first line of a file's docstring is what the list of commands says about it. The command itself
stands in the file under the file's name; an underscore at the end keeps a name from Python's own
words, and one at the beginning marks a file that holds no command.
"""
