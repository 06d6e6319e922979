"""The entry: `quarterhour` and `python -m quarterhour`. Imports nothing at the top, since each worker reads this file."""


def main() -> None:
    from quarterhour.cli import app

    app()


if __name__ == "__main__":
    main()
