#![doc = include_str!("../README.md")]

mod arguments;
mod cast;
mod certificates;
mod ciphers;
mod dates;
mod defaults;
mod der;
mod dicts;
mod encodings;
mod equality;
mod host;
mod json;
mod jwk;
mod keys;
mod lists;
mod numbers;
mod output;
mod passwords;
mod paths;
mod pem;
mod pkcs12;
mod randoms;
mod reflection;
mod regexes;
mod runes;
mod strings;
mod table;
mod text_of;
mod urls;
mod versions;
mod yaml;

pub use host::{Host, System};
pub use table::functions;
