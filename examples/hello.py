"""The three tasks of ``hello.yaml``."""


def greet(name: str) -> str:
    """Return a greeting for ``name``."""
    return f"Hello, {name}!"


def count_letters(text: str) -> int:
    """Return how many characters of ``text`` are letters."""
    return sum(character.isalpha() for character in text)


def say(text: str, letters: int) -> str:
    """Print and return ``text`` with its number of letters."""
    line = f"{text} ({letters} letters)"
    print(line)
    return line
