//! Splitting a file of SQL into single statements.

/// The statements of `sql`, without the semicolons between them; pieces of only comments and blanks are left out.
///
/// Knows what may hide a semicolon: `--` and nested `/* */` comments, `'…'` with `''`, `E'…'` with backslashes,
/// `"…"`, and `$tag$ … $tag$` bodies. Does not know `begin atomic` bodies: write those functions with `$$`.
pub(crate) fn statements(sql: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = sql;
    let mut statement = String::new();
    let mut says_something = false;
    while let Some(first) = rest.chars().next() {
        let (token, is_code) = match skip_hidden(rest, &statement) {
            Some(hidden) => hidden,
            None => (first.len_utf8(), !first.is_whitespace()),
        };
        if token == 1 && first == ';' {
            finish(&mut found, &mut statement, &mut says_something);
        } else {
            statement.push_str(&rest[..token]);
            says_something |= is_code;
        }
        rest = &rest[token..];
    }
    finish(&mut found, &mut statement, &mut says_something);
    found
}

fn finish(found: &mut Vec<String>, statement: &mut String, says_something: &mut bool) {
    if *says_something {
        found.push(statement.trim().to_owned());
    }
    statement.clear();
    *says_something = false;
}

/// Length of the comment, string or body that `rest` begins with, and whether it is code.
fn skip_hidden(rest: &str, before: &str) -> Option<(usize, bool)> {
    if rest.starts_with("--") {
        return Some((rest.find('\n').unwrap_or(rest.len()), false));
    }
    if rest.starts_with("/*") {
        return Some((block_comment(rest), false));
    }
    match rest.as_bytes().first()? {
        b'\'' => Some((quoted(rest, b'\'', is_escape_string(before)), true)),
        b'"' => Some((quoted(rest, b'"', false), true)),
        b'$' if !ends_in_word(before) => dollar_body(rest).map(|length| (length, true)),
        _ => None,
    }
}

/// PostgreSQL's block comments nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    let bytes = rest.as_bytes();
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => (depth, at) = (depth + 1, at + 2),
            (b'*', Some(b'/')) => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

fn quoted(rest: &str, quote: u8, backslashes: bool) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if backslashes => at += 2,
            // A doubled quote is one quote of the text.
            b if b == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
            b if b == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Is the string that follows `before` an `E'…'`?
fn is_escape_string(before: &str) -> bool {
    match before.as_bytes() {
        [.., prior, b'e' | b'E'] => !prior.is_ascii_alphanumeric() && *prior != b'_',
        [b'e' | b'E'] => true,
        _ => false,
    }
}

fn ends_in_word(before: &str) -> bool {
    before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_')
}

/// `$$…$$` or `$tag$…$tag$`; a `$1` is none.
fn dollar_body(rest: &str) -> Option<usize> {
    let tag_end = 1 + rest[1..].find('$')?;
    let tag = &rest[1..tag_end];
    let is_tag = tag.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !tag.starts_with(|c: char| c.is_ascii_digit());
    let mark = &rest[..=tag_end];
    let body = &rest[mark.len()..];
    is_tag.then(|| body.find(mark).map_or(rest.len(), |end| mark.len() + end + mark.len()))
}

#[cfg(test)]
mod tests {
    use super::statements;

    #[test]
    fn semicolons_inside_text_comments_and_bodies_do_not_split() {
        let sql = "-- first; not a statement\n create table a (b text default 'x;''y');\n\
                   /* c; /* nested; */ */ insert into a values (E'\\';', \"q;\") ;;\n\
                   create function f() returns trigger language plpgsql as $body$ begin; $$;$$ end; $body$;\n\
                   select $1; select 'é;日本'; -- end;";
        let got = statements(sql);
        assert_eq!(got.len(), 5, "{got:#?}");
        assert!(got[0].ends_with("default 'x;''y')"));
        assert!(got[1].ends_with("values (E'\\';', \"q;\")"));
        assert!(got[2].ends_with("$$;$$ end; $body$"));
        assert_eq!(got[3], "select $1");
        assert_eq!(got[4], "select 'é;日本'");
    }

    #[test]
    fn a_doubled_quote_in_an_escape_string_does_not_end_it() {
        assert_eq!(statements(r"select E'it''s \'; quoted'; select 2").len(), 2);
    }

    #[test]
    fn an_empty_file_has_no_statements() {
        assert!(statements(" ;\n-- only a remark\n;").is_empty());
    }
}
