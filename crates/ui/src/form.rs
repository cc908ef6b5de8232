//! What a form holds between two requests: everything typed, and every error at once.

/// One field as it is shown: what was typed and what is to be done about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldState {
    pub value: String,
    pub error: Option<String>,
}

impl FieldState {
    /// A field without an error.
    pub fn of(value: impl Into<String>) -> Self {
        FieldState { value: value.into(), error: None }
    }

    pub fn error_text(&self) -> &str {
        self.error.as_deref().unwrap_or_default()
    }
}

/// One sentence that says what to do, and the field it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormError {
    /// The id of the control (for a group: of its first control). Empty where the whole form is meant.
    pub field: String,
    pub message: String,
}

/// All errors of a form, in the order of its fields. Shown as a summary on top and beside each field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormErrors(Vec<FormError>);

impl FormErrors {
    pub const NONE: FormErrors = FormErrors(Vec::new());

    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FormError { field: field.into(), message: message.into() });
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn items(&self) -> &[FormError] {
        &self.0
    }

    /// The state of one field: what was typed stays, its errors stand beside it.
    pub fn field(&self, name: &str, value: impl Into<String>) -> FieldState {
        let messages: Vec<_> =
            self.0.iter().filter(|e| e.field == name).map(|e| e.message.as_str()).collect();
        FieldState { value: value.into(), error: (!messages.is_empty()).then(|| messages.join(" ")) }
    }
}

/// One choice of a select, a radio group or a group of checkboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    /// A second line under a radio or checkbox label; empty for none.
    pub hint: String,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Choice { value: value.into(), label: label.into(), hint: String::new() }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}
