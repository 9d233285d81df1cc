"""``python -m dmoe_models`` is `dmoe`, wherever the environment's scripts may be."""

from dmoe_models.cli import main

if __name__ == "__main__":
    main()
