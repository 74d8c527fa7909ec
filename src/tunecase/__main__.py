"""`python -m tunecase` is the command line."""

from tunecase.cli import main

if __name__ == "__main__":
    main()
