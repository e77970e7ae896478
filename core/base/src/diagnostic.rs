//! What a user did wrong, as a value: code, headline, the place with a reason, other places, one imperative of help,
//! and an edit where one is safe.

use crate::code::{Code, Severity};
use crate::span::Loc;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A place and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Where.
    pub loc: Loc,
    /// Why here; may be empty on the primary label.
    pub text: String,
}

/// A replacement of bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// What to replace; an empty span inserts.
    pub loc: Loc,
    /// The new text.
    pub text: String,
}

/// A change that makes the diagnostic go away and is safe to apply without reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What the button says.
    pub title: String,
    /// Edits that do not overlap.
    pub edits: Vec<Edit>,
}

/// One mistake, one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The registered code.
    pub code: Code,
    /// The severity after configuration; starts as the code's default.
    pub severity: Severity,
    /// The headline: one line, value found and value expected.
    pub message: String,
    /// The offending characters. `None` only where no text exists (a missing file).
    pub primary: Option<Label>,
    /// Other places.
    pub notes: Vec<Label>,
    /// One imperative sentence.
    pub help: Option<String>,
    /// A safe edit.
    pub fix: Option<Fix>,
    /// The model it belongs to; filled by `core/project`.
    pub model: Option<SmolStr>,
}

/// Messages repeat names of the text, and a name may be as long as the text.
const MAX_MESSAGE: usize = 1000;

fn clipped(mut message: String) -> String {
    if message.len() > MAX_MESSAGE {
        let end = (0..=MAX_MESSAGE).rev().find(|at| message.is_char_boundary(*at));
        message.truncate(end.unwrap_or(0));
        message.push('…');
    }
    message
}

impl Diagnostic {
    /// A diagnostic of the code's default severity at `loc`.
    pub fn new(code: Code, loc: Loc, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: code.severity(),
            message: clipped(message.into()),
            primary: Some(Label {
                loc,
                text: String::new(),
            }),
            notes: Vec::new(),
            help: None,
            fix: None,
            model: None,
        }
    }

    /// A diagnostic without a place.
    pub fn global(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: code.severity(),
            message: clipped(message.into()),
            primary: None,
            notes: Vec::new(),
            help: None,
            fix: None,
            model: None,
        }
    }

    /// Say why the primary place is wrong.
    pub fn label(mut self, text: impl Into<String>) -> Diagnostic {
        if let Some(label) = &mut self.primary {
            label.text = text.into();
        }
        self
    }

    /// Point at another place.
    pub fn note(mut self, loc: Loc, text: impl Into<String>) -> Diagnostic {
        self.notes.push(Label {
            loc,
            text: text.into(),
        });
        self
    }

    /// Say what to do.
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }

    /// Offer an edit.
    pub fn fix(mut self, title: impl Into<String>, edits: Vec<Edit>) -> Diagnostic {
        self.fix = Some(Fix {
            title: title.into(),
            edits,
        });
        self
    }

    /// Name the model.
    pub fn in_model(mut self, model: impl Into<SmolStr>) -> Diagnostic {
        self.model = Some(model.into());
        self
    }

    /// True for [`Severity::Error`].
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Rewrite every location, e.g. from the expanded text to the user's file. A fix whose edits cannot all be mapped
    /// (`None`) is dropped: an edit must never land in text that the user did not write.
    pub fn map_locs(mut self, primary: impl Fn(Loc) -> Loc, edit: impl Fn(Loc) -> Option<Loc>) -> Diagnostic {
        if let Some(label) = &mut self.primary {
            label.loc = primary(label.loc);
        }
        for note in &mut self.notes {
            note.loc = primary(note.loc);
        }
        if let Some(fix) = &mut self.fix {
            let mapped: Option<Vec<Loc>> = fix.edits.iter().map(|e| edit(e.loc)).collect();
            match mapped {
                Some(locs) => fix.edits.iter_mut().zip(locs).for_each(|(e, loc)| e.loc = loc),
                None => self.fix = None,
            }
        }
        self
    }
}
