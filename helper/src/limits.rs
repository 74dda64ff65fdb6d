//! How much of anything is taken: beyond a limit there is an error and never a part.

/// The most bytes of one value unless `--max-value` says otherwise.
pub const VALUE: usize = 64 << 10;

/// The most that `--max-value` can be: a whole Secret.
pub const VALUE_CAP: usize = 1 << 20;

/// The most bytes of a JSON file whose fields are asked for: a whole Secret.
pub const JSON_FILE: usize = 1 << 20;

/// The most bytes of an answer unless `--max-output` says otherwise: under the Agent's 1 MiB
/// (`secret_backend_output_max_size`), beyond which it throws the whole answer away.
pub const OUTPUT: usize = (1 << 20) - 1;

/// The most that `--max-output` can be.
pub const OUTPUT_CAP: usize = 16 << 20;

/// The most bytes of a request.
pub const REQUEST: usize = 4 << 20;

/// The most handles of a request.
pub const HANDLES: usize = 20_000;

/// The most bytes of `helper.json` and of an allow-list.
pub const SETTINGS: usize = 1 << 20;
