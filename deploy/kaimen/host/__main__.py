import sys

from kaimen.host.cli import main

if __name__ == "__main__":
    sys.exit(main())
