//! `~/.aws/config` and `~/.aws/credentials`: the keys of one profile.
//! Format: docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html.

use crate::remote::unusable;
use configparser::ini::{Ini, IniDefault};
use rocky_base::{Result, System};
use std::collections::HashMap;
use std::path::PathBuf;

/// The keys of the chosen profile. Values may be secrets, so there is no `Debug`.
pub(super) struct Profile {
    pub name: String,
    values: HashMap<String, String>,
}

impl Profile {
    /// The profile of `AWS_PROFILE`, else `default`. Missing files are empty; a profile that was asked for by name must be
    /// there.
    pub fn load(system: &dyn System) -> Result<Profile> {
        let env = |name: &str| system.env(name).filter(|value| !value.trim().is_empty());
        let asked = env("AWS_PROFILE").or_else(|| env("AWS_DEFAULT_PROFILE"));
        let name = asked.clone().unwrap_or_else(|| "default".to_owned());
        let home = env("HOME").or_else(|| env("USERPROFILE")).map(PathBuf::from);
        let file = |variable: &str, standard: &str| match env(variable) {
            Some(path) => Some(PathBuf::from(path)),
            None => home.as_ref().map(|home| home.join(".aws").join(standard)),
        };
        let mut values = HashMap::new();
        let mut seen = false;
        // The credentials file counts more, so it comes second.
        for (path, sections) in [
            (
                file("AWS_CONFIG_FILE", "config"),
                vec![format!("profile {name}"), name.clone()],
            ),
            (
                file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
                vec![name.clone()],
            ),
        ] {
            let Some(path) = path else { continue };
            let Ok(bytes) = system.read(&path) else { continue };
            let text = String::from_utf8_lossy(&bytes);
            // An indented key belongs to the one above it (`s3 =`).
            let lines: Vec<&str> = text
                .lines()
                .filter(|line| !line.starts_with([' ', '\t']))
                .collect();
            let mut defaults = IniDefault::default();
            defaults.case_sensitive = true;
            defaults.delimiters = vec!['='];
            // A secret may have any character.
            defaults.inline_comment_symbols = Some(Vec::new());
            // The error would print a line of the file.
            let parsed = Ini::new_from_defaults(defaults)
                .read(lines.join("\n"))
                .map_err(|_| unusable(format!("{} cannot be read", path.display())))?;
            for (section, properties) in parsed {
                let section = section.split_whitespace().collect::<Vec<_>>().join(" ");
                if !sections.contains(&section) {
                    continue;
                }
                seen = true;
                for (key, value) in properties {
                    let value = value.unwrap_or_default();
                    values.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
                }
            }
        }
        if asked.is_some() && !seen {
            return Err(unusable(format!(
                "AWS_PROFILE names the profile `{name}`, which ~/.aws does not have"
            ))
            .hint("correct AWS_PROFILE, or unset it"));
        }
        Ok(Profile { name, values })
    }

    pub fn get(&self, key: &str) -> Option<String> {
        self.values.get(key).filter(|value| !value.is_empty()).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocky_base::system::MemorySystem;

    #[test]
    fn the_profile_is_read_from_both_files() {
        let system = MemorySystem::new();
        system.set_env("HOME", "/home/a");
        system.set_env("AWS_PROFILE", "work");
        system.write("/home/a/.aws/config", "[default]\nregion = eu-west-1\n\n[profile work]\nregion=eu-central-1\n# a note\ns3 =\n  addressing_style = path\nendpoint_url = http://h:9000\n");
        system.write("/home/a/.aws/credentials", "[default]\naws_access_key_id = A\n[work]\naws_access_key_id = K\naws_secret_access_key = a/b+c#d;e\\f=\"\n");
        let profile = Profile::load(&system).unwrap();
        assert_eq!(profile.get("region").as_deref(), Some("eu-central-1"));
        assert_eq!(profile.get("endpoint_url").as_deref(), Some("http://h:9000"));
        assert_eq!(profile.get("aws_access_key_id").as_deref(), Some("K"));
        assert_eq!(
            profile.get("aws_secret_access_key").as_deref(),
            Some("a/b+c#d;e\\f=\"")
        );
        system.write("/home/a/.aws/config", "[default\nsecret");
        let error = Profile::load(&system).err().unwrap();
        assert_eq!(error.message, "/home/a/.aws/config cannot be read");
        system.write("/home/a/.aws/config", "");
        system.set_env("AWS_PROFILE", "other");
        let error = Profile::load(&system).err().unwrap();
        assert_eq!(
            error.message,
            "AWS_PROFILE names the profile `other`, which ~/.aws does not have"
        );
    }
}
