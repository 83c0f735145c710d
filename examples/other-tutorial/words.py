"""Counts the words and lines of a text file; `words.py FILE`."""

import sys

with open(sys.argv[1], encoding="utf-8") as file:
    lines = file.read().splitlines()
print(f"{sum(len(line.split()) for line in lines)} words in {len(lines)} lines")
