"""`python -m infrahub_exporter.main`, as the earlier exporter was started."""

import sys

from infrahub_exporter.__main__ import main

if __name__ == "__main__":
    sys.stderr.write(
        "infrahub-exporter: 'python -m infrahub_exporter.main' is how the earlier exporter was started; "
        "this one is 'infrahub-exporter', or 'python -m infrahub_exporter'\n"
    )
    main()
