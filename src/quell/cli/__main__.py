"""`python -m quell.cli` is `quell`."""

from quell.cli import main

if __name__ == "__main__":
    main()
