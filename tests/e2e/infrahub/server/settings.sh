# Where the real Infrahub of the end-to-end tests lives, and how its processes are remembered. Sourced by the scripts beside it.
# shellcheck shell=bash disable=SC2034

INFRAHUB_VERSION=1.11.9
GRAPHQL_CORE_VERSION=3.2.9 # Infrahub leaves it open; 3.2.10 and later turn every wrong variable into an HTTP 500

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
state=$(realpath -m "${INFRAHUB_E2E_DIR:-$HOME/.cache/infrahub-exporter-e2e}")
run=$state/run
ready=$run/ready # there while a server that `begin` has started and loaded waits for its `run`
NOT_RUN=75 # the exit code of `setup` where a registry does not answer

say() { printf '== %s\n' "$*" >&2; }

# born PID: when the kernel started it, in ticks since boot, and nothing for one that has ended; with the id it names one process
born() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | grep -v '^[ZX]' | cut -d' ' -f20; }

# alive NAME: whether the process that was started under this name still runs
alive() {
  local pid since
  read -r pid since <"$run/$1.pid" 2>/dev/null && [ "$(born "$pid")" = "$since" ]
}
