//! The state as a value of Valkey or Redis.
//!
//! Every change is one script, so it happens whole or not at all. A lease has a number (its fence) that only grows; a write
//! names the number and the upload that it replaces, and the server compares both. All keys lie in one slot of a cluster.
//! The address holds the password: nothing of it but host, port and database is ever shown.

use super::attempt::{Class, Failure, Limits};
use super::claim::{Claim, Grant, Holder, LockAnswer};
use super::object::{Condition, Found, Stamp, Upload, Version, Want};
use super::{Store, unusable};
use redis::{Client, Cmd, Connection, FromRedisValue, RedisError, cmd};
use rocky_base::Result;
use rocky_config::Secret;
use std::time::Duration;

/// KEYS lock fence; ARGV token holder ttl_ms dead-lock
const LOCK: &str = r"
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #ARGV[1]) == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return {1, tonumber(redis.call('GET', KEYS[2]) or '0'), ''}
end
if held and held ~= ARGV[4] then
  return {0, redis.call('PTTL', KEYS[1]), held}
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return {1, redis.call('INCR', KEYS[2]), held and 'taken' or ''}
";

/// KEYS lock fence; ARGV token holder ttl_ms fence. A lease that ran out and that nobody took since is still ours.
const RENEW: &str = r"
local held = redis.call('GET', KEYS[1])
if held then
  if string.sub(held, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return 1
end
if (redis.call('GET', KEYS[2]) or '0') ~= ARGV[4] then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return 1
";

/// KEYS lock; ARGV token
const UNLOCK: &str = r"
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #ARGV[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
";

/// KEYS object stamp fence; ARGV bytes stamp fence condition operand. A stamp of another size is not this object's: something
/// else than rocky has put it.
const WRITE: &str = r"
if ARGV[3] ~= '' and (redis.call('GET', KEYS[3]) or '') ~= ARGV[3] then return 'fenced' end
local there = redis.call('EXISTS', KEYS[1]) == 1
local upload, generation, size = string.match(redis.call('GET', KEYS[2]) or '', '^(%S+) (%d+) (%d+) ')
if tonumber(size or '-1') ~= redis.call('STRLEN', KEYS[1]) then upload, generation = '', '-1' end
if ARGV[4] == 'absent' and there then return 'conflict' end
if ARGV[4] == 'is' and (not there or upload ~= ARGV[5]) then return 'conflict' end
if ARGV[4] == 'newer' and there and tonumber(generation) >= tonumber(ARGV[5]) then return 'conflict' end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[2])
return 'written'
";

/// KEYS object stamp
const STAMP: &str =
    "return {redis.call('EXISTS', KEYS[1]), redis.call('STRLEN', KEYS[1]), redis.call('GET', KEYS[2])}";

pub(super) struct Valkey {
    place: String,
    client: Client,
    object: String,
    stamp: String,
    lock: String,
    fence: String,
    secrets: Vec<String>,
}

impl Valkey {
    pub fn new(url: &Secret, prefix: &str) -> Result<Valkey> {
        let hint = "the address is like rediss://user:password@host:6379/0";
        // The error would print the address.
        let client = Client::open(url.expose())
            .map_err(|_| unusable("`state.valkey_url` is not an address of Valkey or Redis").hint(hint))?;
        let info = client.get_connection_info();
        let settings = info.redis_settings();
        let secrets = [settings.password(), settings.username()];
        let secrets = secrets.into_iter().flatten().map(str::to_owned).collect();
        let object = format!("{prefix}state.redb");
        // A cluster hashes what stands in the first braces, so that all keys lie where the object does.
        let beside = |what: &str| {
            if prefix.contains('{') {
                format!("{object}.{what}")
            } else {
                format!("{{{object}}}.{what}")
            }
        };
        Ok(Valkey {
            place: format!("valkey://{}/{}/{object}", info.addr(), settings.db()),
            stamp: beside("stamp"),
            lock: beside("lock"),
            fence: beside("fence"),
            object,
            client,
            secrets,
        })
    }

    fn connect(&self, limits: &Limits) -> Result<Connection, Failure> {
        let connection = self
            .client
            .get_connection_with_timeout(limits.answer())
            .map_err(|error| self.failure(&error))?;
        let set = connection
            .set_read_timeout(Some(limits.left()))
            .and_then(|()| connection.set_write_timeout(Some(limits.left())));
        set.map_err(|error| self.failure(&error))?;
        Ok(connection)
    }

    fn ask<T: FromRedisValue>(&self, command: &Cmd, limits: &Limits) -> Result<T, Failure> {
        let mut connection = self.connect(limits)?;
        command
            .query(&mut connection)
            .map_err(|error| self.failure(&error))
    }

    /// What an error means; its text without what the address holds.
    fn failure(&self, error: &RedisError) -> Failure {
        let code = error.code().unwrap_or_default().to_owned();
        let detail = error.detail().unwrap_or_default();
        let mut text = match code.as_str() {
            "" => error.to_string(),
            code => format!("{code} {detail}"),
        };
        for secret in self.secrets.iter().filter(|s| s.len() > 2) {
            text = text.replace(secret.as_str(), "***");
        }
        let text = text.trim().to_owned();
        if error.kind() == redis::ErrorKind::AuthenticationFailed
            || matches!(code.as_str(), "NOAUTH" | "WRONGPASS" | "NOPERM")
        {
            return Failure::fatal(text)
                .hint("correct user and password in `state.valkey_url`; the user needs GET, MGET, SET, DEL, EXISTS, STRLEN, INCR, PEXPIRE, PTTL and EVAL");
        }
        match code.as_str() {
            "" if error.is_io_error() || error.is_timeout() || error.kind() == redis::ErrorKind::Parse => {
                if text.contains("certificate") {
                    return Failure::fatal(text)
                        .hint("the system must trust the authority of the server's certificate");
                }
                Failure::transient(text)
            }
            // Starting, failing over, or busy with another script.
            "LOADING" | "TRYAGAIN" | "CLUSTERDOWN" | "MASTERDOWN" | "READONLY" | "BUSY" | "NOREPLICAS"
            | "UNBLOCKED" => Failure::transient(text),
            "OOM" | "MISCONF" => {
                Failure::fatal(text).hint("the server refuses writes; give it memory or disk")
            }
            "MOVED" | "ASK" => {
                Failure::fatal(text).hint("`state.valkey_url` must name the node that holds the key")
            }
            _ => Failure::fatal(text),
        }
    }

    fn put(&self, upload: &Upload, condition: (&str, String), limits: &Limits) -> Result<(), Failure> {
        let stamp = format!(
            "{} {} {} {}",
            upload.stamp.upload_id,
            upload.stamp.generation,
            upload.stamp.size,
            upload.stamp.to_line()
        );
        let mut script = cmd("EVAL");
        script
            .arg(WRITE)
            .arg(3)
            .arg(&self.object)
            .arg(&self.stamp)
            .arg(&self.fence);
        script.arg(upload.body.as_slice()).arg(stamp);
        script.arg(upload.fence.map_or_else(String::new, |f| f.to_string()));
        script.arg(condition.0).arg(condition.1);
        let answer: String = self.ask(&script, limits)?;
        match answer.as_str() {
            "written" => Ok(()),
            "fenced" => Err(Failure::new(
                Class::Fenced,
                "another run has taken the lease since",
            )),
            "conflict" => Err(Failure::new(
                Class::Conflict,
                "the object is not the one that was read",
            )),
            _ => Err(Failure::fatal("the server gave an unexpected answer")),
        }
    }

    /// Put a copy unless a newer one is there.
    pub fn put_newer(&self, upload: &Upload, limits: &Limits) -> Result<(), Failure> {
        let copy = Upload {
            fence: None,
            ..upload.clone()
        };
        match self.put(&copy, ("newer", upload.stamp.generation.to_string()), limits) {
            Err(failure) if failure.class == Class::Conflict => Ok(()),
            result => result,
        }
    }
}

impl Store for Valkey {
    fn place(&self) -> &str {
        &self.place
    }

    fn read(&self, want: Want, limits: &Limits) -> Result<Option<Found>, Failure> {
        let (body, size, stamp): (Vec<u8>, u64, Option<String>) = match want {
            Want::Body => {
                let mut command = cmd("MGET");
                command.arg(&self.object).arg(&self.stamp);
                let (body, stamp): (Option<Vec<u8>>, _) = self.ask(&command, limits)?;
                let Some(body) = body else {
                    return Ok(None);
                };
                let size = body.len() as u64;
                (body, size, stamp)
            }
            Want::Stamp => {
                let mut script = cmd("EVAL");
                script.arg(STAMP).arg(2).arg(&self.object).arg(&self.stamp);
                let (there, size, stamp): (bool, u64, _) = self.ask(&script, limits)?;
                if !there {
                    return Ok(None);
                }
                (Vec::new(), size, stamp)
            }
        };
        let stamp = stamp
            .as_deref()
            .and_then(|text| Stamp::of_line(text.splitn(4, ' ').nth(3)?))
            .filter(|stamp| stamp.size == size);
        let upload = stamp.as_ref().map(|s| s.upload_id.clone()).unwrap_or_default();
        Ok(Some(Found {
            version: Some(Version::Upload(upload)),
            stamp,
            body: (want == Want::Body).then_some(body),
        }))
    }

    fn write(&self, upload: &Upload, condition: &Condition, limits: &Limits) -> Result<(), Failure> {
        let condition = match condition {
            Condition::Always => ("always", String::new()),
            Condition::Absent => ("absent", String::new()),
            Condition::Is(Version::Upload(id)) => ("is", id.clone()),
            Condition::Is(Version::Etag(_)) => {
                return Err(Failure::fatal(
                    "the version is not one of Valkey; this is a bug of rocky",
                ));
            }
        };
        self.put(upload, condition, limits)
    }

    fn lock(&self, claim: &Claim, limits: &Limits) -> Result<LockAnswer, Failure> {
        let mut dead = String::new();
        loop {
            let mut script = cmd("EVAL");
            script.arg(LOCK).arg(2).arg(&self.lock).arg(&self.fence);
            script
                .arg(&claim.token)
                .arg(holder(claim))
                .arg(millis(claim.ttl))
                .arg(&dead);
            let (granted, number, held): (bool, i64, String) = self.ask(&script, limits)?;
            if granted {
                return Ok(LockAnswer::Granted(Grant {
                    fence: u64::try_from(number).unwrap_or(0),
                    version: None,
                    took_over: held == "taken",
                }));
            }
            let by: Option<Holder> = held
                .split_once(' ')
                .and_then(|(_, json)| serde_json::from_str(json).ok());
            if held != dead && by.as_ref().is_some_and(Holder::is_dead) {
                dead = held;
                continue;
            }
            let by = by.unwrap_or_else(|| Holder {
                run: "unknown".to_owned(),
                host: "unknown".to_owned(),
                pid: 0,
                process: None,
            });
            return Ok(LockAnswer::Held {
                by,
                remaining: Duration::from_millis(u64::try_from(number).unwrap_or(0)),
            });
        }
    }

    fn renew(&self, grant: &Grant, claim: &Claim, limits: &Limits) -> Result<Option<Grant>, Failure> {
        let mut script = cmd("EVAL");
        script.arg(RENEW).arg(2).arg(&self.lock).arg(&self.fence);
        script
            .arg(&claim.token)
            .arg(holder(claim))
            .arg(millis(claim.ttl))
            .arg(grant.fence);
        let kept: bool = self.ask(&script, limits)?;
        Ok(kept.then(|| grant.clone()))
    }

    fn unlock(&self, _: &Grant, claim: &Claim, limits: &Limits) -> Result<(), Failure> {
        let mut script = cmd("EVAL");
        script.arg(UNLOCK).arg(1).arg(&self.lock).arg(&claim.token);
        self.ask::<i64>(&script, limits).map(drop)
    }
}

fn holder(claim: &Claim) -> String {
    serde_json::to_string(&claim.holder).unwrap_or_default()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_is_shown_with_its_password() {
        for url in ["redis://me:hunter22@[::", "http://me:hunter22@h", "hunter22"] {
            let error = Valkey::new(&Secret::new(url), "p:").err().unwrap();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter22"), "{shown}");
        }
        let store = Valkey::new(&Secret::new("rediss://me:hunter22@h:7000/3"), "p:").unwrap();
        assert_eq!(store.place(), "valkey://h:7000/3/p:state.redb");
        assert_eq!(store.lock, "{p:state.redb}.lock");
        let tagged = Valkey::new(&Secret::new("valkey://h"), "{team}:").unwrap();
        assert_eq!(
            (tagged.place(), tagged.lock.as_str()),
            ("valkey://h:6379/0/{team}:state.redb", "{team}:state.redb.lock")
        );
    }
}
