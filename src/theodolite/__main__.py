"""`python -m theodolite`."""

from theodolite.cli.main import main

if __name__ == "__main__":
    main()
