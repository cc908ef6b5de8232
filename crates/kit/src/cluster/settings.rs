//! How the server is set up.

/// What the server promises about written data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Promise {
    /// An acknowledged commit survives a power cut.
    Durable,
    /// For tests only: data may be lost with the machine, so nothing waits for the disk.
    Throwaway,
}

impl Promise {
    /// Settings given on the command line, so that no file and no `ALTER SYSTEM` overrides them.
    pub fn fixed(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Promise::Durable => &[("fsync", "on"), ("full_page_writes", "on"), ("synchronous_commit", "on")],
            Promise::Throwaway => {
                &[("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off")]
            }
        }
    }

    /// The file of settings the operator may change, written once when the cluster is made.
    pub fn tunable(self) -> String {
        let shared_mb = match self {
            // An eighth of the machine: a ward's 350,000 residents and 20 M records fit the usual working set.
            Promise::Durable => (memory_mb() / 8).clamp(128, 1024),
            Promise::Throwaway => 64,
        };
        let cache_mb = (memory_mb() / 2).max(shared_mb);
        let max_wal = match self {
            Promise::Durable => "4GB",
            Promise::Throwaway => "512MB",
        };
        format!(
            "
# ---- written once by sesshu when it made this cluster; change as the machine needs ----
shared_buffers = {shared_mb}MB
effective_cache_size = {cache_mb}MB
work_mem = 32MB
maintenance_work_mem = 256MB
# The doors of both systems need up to 190 at once; backups, commands and whoever looks in need theirs beside.
max_connections = 260
# Imports write much at once: fewer, larger checkpoints.
max_wal_size = {max_wal}
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
wal_compression = on
# Solid-state disks.
random_page_cost = 1.1
# Requests are short; compiling their plans costs more than it saves.
jit = off
# Parallel queries share memory; a container's /dev/shm has only 64 MB.
dynamic_shared_memory_type = sysv
# Large tables: look after them at two per cent of dead rows, not twenty.
autovacuum_vacuum_scale_factor = 0.02
autovacuum_analyze_scale_factor = 0.02
timezone = 'UTC'
lc_messages = 'C'
# No personal data in the log: no statements, no values of a failed key, no parameters.
log_error_verbosity = terse
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_line_prefix = '%m [%p] %d '
log_checkpoints = off
"
        )
    }
}

/// The machine's memory, or a small machine's if the kernel does not tell.
fn memory_mb() -> u64 {
    std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| text.lines().next()?.split_whitespace().nth(1)?.parse::<u64>().ok())
        .map_or(2048, |kb| kb / 1024)
}
