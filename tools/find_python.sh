#!/bin/sh
# Print the first Python 3.11 to 3.13 that really runs (a version manager's shim may exist
# and fail), or say in one line what is missing. PYTHON=/path/to/python comes first.
set -u
for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3 python; do
    [ -n "$candidate" ] || continue
    # The interpreter's own path, not the shim's: it must work from any folder later.
    found=$("$candidate" -c 'import sys
if (3, 11) <= sys.version_info[:2] <= (3, 13): print(sys.executable)' 2>/dev/null </dev/null) || continue
    if [ -n "$found" ]; then
        printf '%s\n' "$found"
        exit 0
    fi
done
echo "No Python 3.11, 3.12 or 3.13 was found; install one of them (or say PYTHON=/path/to/python) and call make again." >&2
exit 1
