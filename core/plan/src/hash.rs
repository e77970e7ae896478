//! Hashes of statements and plans, as documents show them: 16 hexadecimal digits of XXH3.

use crate::task::Step;
use serde::Serialize;
use std::io::BufWriter;
use xxhash_rust::xxh3::Xxh3;

/// Hash of the statements, joined by `;` and a line break.
pub(crate) fn of_steps(steps: &[Step]) -> String {
    let mut hasher = Xxh3::new();
    for (index, step) in steps.iter().enumerate() {
        if index > 0 {
            hasher.update(b";\n");
        }
        hasher.update(step.sql.as_bytes());
    }
    hex(&hasher)
}

/// Hash of a value by its serialised form; `None` when it cannot be serialised.
pub(crate) fn of_value(value: &impl Serialize) -> Option<String> {
    // The serialiser writes comma by comma.
    let mut writer = BufWriter::with_capacity(16 << 10, Writer(Xxh3::new()));
    serde_json::to_writer(&mut writer, value).ok()?;
    Some(hex(&writer.into_inner().ok()?.0))
}

fn hex(hasher: &Xxh3) -> String {
    format!("{:016x}", hasher.digest())
}

struct Writer(Xxh3);

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
