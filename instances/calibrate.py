"""The earlier place of `instances.recorded.fit_scores`: ``python -m instances.calibrate``."""

from instances.recorded.fit_scores import main

if __name__ == "__main__":
    main()
