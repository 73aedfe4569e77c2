//! Tables as PostgreSQL's `COPY … WITH CSV HEADER` writes them
//! (<https://www.postgresql.org/docs/current/sql-copy.html>): RFC 4180, where an empty field that is
//! not quoted is null.
//!
//! Bytes are pushed in as they come. Only the fields of wanted columns are kept, and only until
//! their row has ended: of everything else just the ends are looked for.

use std::ops::Range;

use memchr::{memchr, memchr2};

/// A row is at most so long, in bytes: five times the longest that crates.io can have, whose
/// archives are of 10 MiB. Beyond that a quote is missing.
pub(super) const MAX_ROW: u64 = 64 << 20;
/// A field of a wanted column is at most so long, in bytes.
const MAX_FIELD: usize = 4 << 10;
/// A table has at most so many columns.
const MAX_COLUMNS: usize = 256;
/// The place of a column that nobody wants.
const NOT_WANTED: u8 = u8::MAX;

/// Why a table cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CsvFault {
    /// It has no header, or one that is none.
    Header,
    /// There is no column of this name.
    Column(&'static str),
    /// The row at hand is longer than any.
    Endless,
    /// The table ends within a row.
    Cut,
}

/// The wanted fields of a row.
#[derive(Debug, Default)]
pub(super) struct Row {
    text: Vec<u8>,
    /// By the places of the wanted columns.
    fields: Vec<Option<Range<usize>>>,
    is_too_long: bool,
}

impl Row {
    /// A field, by its column's place among the wanted; none where it is null or the table has no
    /// such column.
    pub(super) fn field(&self, place: usize) -> Option<&[u8]> {
        self.text.get(self.fields.get(place)?.clone()?)
    }

    fn clear(&mut self) {
        self.text.clear();
        self.fields.fill(None);
        self.is_too_long = false;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a field's first byte.
    Start,
    Plain,
    Quoted,
    /// After a quote in a quoted field: its end, or the first of two.
    Quote,
}

/// A table that is being read.
#[derive(Debug)]
pub(super) struct Csv {
    required: &'static [&'static str],
    optional: &'static [&'static str],
    /// What becomes of each column; empty until the header is read.
    plan: Vec<u8>,
    state: State,
    column: usize,
    /// Whether the field at hand is kept.
    is_kept: bool,
    is_quoted: bool,
    /// Where the field at hand begins in the row's text.
    start: usize,
    row: Row,
    row_bytes: u64,
    /// Rows so far, the header not counted.
    rows: u64,
}

impl Csv {
    /// A reader of the columns of these names, which have their places in this order.
    pub(super) fn new(
        required: &'static [&'static str],
        optional: &'static [&'static str],
    ) -> Self {
        Self {
            required,
            optional,
            plan: Vec::new(),
            state: State::Start,
            column: 0,
            is_kept: true,
            is_quoted: false,
            start: 0,
            row: Row::default(),
            row_bytes: 0,
            rows: 0,
        }
    }

    /// How many rows there were, the header not counted.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Reads on. Gives each row that ends in `bytes` with its number, or what is wrong with it.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        take: &mut impl FnMut(u64, Result<&Row, &'static str>),
    ) -> Result<(), CsvFault> {
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            let used = match self.state {
                State::Start if *first == b'"' => {
                    self.is_quoted = true;
                    self.state = State::Quoted;
                    1
                }
                State::Start => {
                    self.state = State::Plain;
                    0
                }
                State::Plain => {
                    let end = memchr2(b',', b'\n', rest);
                    self.keep(rest.get(..end.unwrap_or(rest.len())));
                    match end.and_then(|end| Some((end, rest.get(end)?))) {
                        Some((end, stop)) => {
                            self.end_field(*stop, take)?;
                            end + 1
                        }
                        None => rest.len(),
                    }
                }
                State::Quoted => {
                    let end = memchr(b'"', rest);
                    self.keep(rest.get(..end.unwrap_or(rest.len())));
                    match end {
                        Some(end) => {
                            self.state = State::Quote;
                            end + 1
                        }
                        None => rest.len(),
                    }
                }
                State::Quote => {
                    match first {
                        b'"' => {
                            self.keep(Some(b"\""));
                            self.state = State::Quoted;
                        }
                        b',' | b'\n' => self.end_field(*first, take)?,
                        b'\r' => {}
                        // Text behind a closing quote: nobody writes that, and it is kept.
                        _ => {
                            self.keep(Some(&[*first]));
                            self.state = State::Plain;
                        }
                    }
                    1
                }
            };
            self.row_bytes += used as u64;
            if self.row_bytes > MAX_ROW {
                return Err(CsvFault::Endless);
            }
            rest = rest.get(used..).unwrap_or_default();
        }
        Ok(())
    }

    /// Reads the last row, where no line ends it.
    pub(super) fn end(
        &mut self,
        take: &mut impl FnMut(u64, Result<&Row, &'static str>),
    ) -> Result<(), CsvFault> {
        if self.state == State::Quoted {
            return Err(CsvFault::Cut);
        }
        if self.column > 0 || self.state != State::Start {
            self.end_field(b'\n', take)?;
        }
        match self.plan.is_empty() {
            true => Err(CsvFault::Header),
            false => Ok(()),
        }
    }

    fn keep(&mut self, bytes: Option<&[u8]>) {
        if !self.is_kept {
            return;
        }
        let bytes = bytes.unwrap_or_default();
        if self.row.text.len() - self.start + bytes.len() > MAX_FIELD {
            self.row.is_too_long = true;
        } else {
            self.row.text.extend_from_slice(bytes);
        }
    }

    fn end_field(
        &mut self,
        stop: u8,
        take: &mut impl FnMut(u64, Result<&Row, &'static str>),
    ) -> Result<(), CsvFault> {
        let ends_row = stop == b'\n';
        if self.is_kept {
            let text = &mut self.row.text;
            let own = text.get(self.start..).unwrap_or_default();
            if ends_row && !self.is_quoted && own.ends_with(b"\r") {
                text.pop();
            }
            let end = text.len();
            let is_null = !self.is_quoted && end == self.start;
            let field = (!is_null).then_some(self.start..end);
            let place = self.plan.get(self.column);
            match place.and_then(|place| self.row.fields.get_mut(usize::from(*place))) {
                Some(kept) => *kept = field,
                None if self.column < MAX_COLUMNS => self.row.fields.push(field),
                None => return Err(CsvFault::Header),
            }
            self.start = end;
        }
        self.column += 1;
        self.state = State::Start;
        self.is_quoted = false;
        if ends_row {
            self.end_row(take)?;
        }
        self.is_kept = self.plan.is_empty()
            || self
                .plan
                .get(self.column)
                .is_some_and(|place| *place != NOT_WANTED);
        Ok(())
    }

    fn end_row(
        &mut self,
        take: &mut impl FnMut(u64, Result<&Row, &'static str>),
    ) -> Result<(), CsvFault> {
        if self.plan.is_empty() {
            self.header()?;
        } else {
            self.rows += 1;
            let row = if self.column != self.plan.len() {
                Err("it has not as many fields as there are columns")
            } else if self.row.is_too_long {
                Err("a field is too long")
            } else {
                Ok(&self.row)
            };
            take(self.rows, row);
        }
        self.row.clear();
        self.start = 0;
        self.column = 0;
        self.row_bytes = 0;
        Ok(())
    }

    fn header(&mut self) -> Result<(), CsvFault> {
        if self.row.is_too_long {
            return Err(CsvFault::Header);
        }
        let wanted: Vec<&'static str> = [self.required, self.optional].concat();
        let mut plan = vec![NOT_WANTED; self.column];
        for (place, name) in wanted.iter().enumerate() {
            let is_named = |column: &usize| self.row.field(*column) == Some(name.as_bytes());
            match (0..self.column).find(is_named) {
                Some(column) => {
                    let place = u8::try_from(place).map_err(|_| CsvFault::Header)?;
                    if let Some(planned) = plan.get_mut(column) {
                        *planned = place;
                    }
                }
                None if self.required.contains(name) => return Err(CsvFault::Column(name)),
                None => {}
            }
        }
        self.plan = plan;
        self.row.fields = vec![None; wanted.len()];
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Read = Result<Vec<Result<Vec<Option<String>>, &'static str>>, CsvFault>;

    /// The fields of `a`, `b` and `c`, with the text pushed in so many bytes at a time.
    fn read(text: &str, step: usize) -> Read {
        let mut csv = Csv::new(&["a", "b"], &["c"]);
        let mut rows = Vec::new();
        let mut take = |_, row: Result<&Row, &'static str>| {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            rows.push(row.map(|row| (0..3).map(|at| row.field(at).map(text)).collect()));
        };
        for chunk in text.as_bytes().chunks(step) {
            csv.feed(chunk, &mut take)?;
        }
        csv.end(&mut take)?;
        Ok(rows)
    }

    fn fields(of: [Option<&str>; 3]) -> Result<Vec<Option<String>>, &'static str> {
        Ok(of.map(|field| field.map(str::to_owned)).to_vec())
    }

    #[test]
    fn fields_are_found_by_the_header() {
        let text = "x,b,a,\"y\"\n\
            1,2,3,4\n\
            \"q\"\"\n,\",\"l\n1,\"\"\",\"\",\r\n\
            ,,\"\",\n\
            ,\n\
            ,,,,\n\
            ,z,\"a\"b,";
        let expected = vec![
            fields([Some("3"), Some("2"), None]),
            fields([Some(""), Some("l\n1,\""), None]),
            fields([Some(""), None, None]),
            Err("it has not as many fields as there are columns"),
            Err("it has not as many fields as there are columns"),
            fields([Some("ab"), Some("z"), None]),
        ];
        for step in 1..text.len() {
            assert_eq!(read(text, step).as_ref(), Ok(&expected), "{step}");
        }
    }

    #[test]
    fn the_last_field_of_a_line_loses_its_carriage_return() {
        let rows = read("b,c,a\r\n1,2,3\r\n4,5,\r\n", 3).unwrap();
        assert_eq!(rows[0], fields([Some("3"), Some("1"), Some("2")]));
        assert_eq!(rows[1], fields([None, Some("4"), Some("5")]));
        let rows = read("a,b,c\n1,\"\r\",\n", 1).unwrap();
        assert_eq!(rows[0], fields([Some("1"), Some("\r"), None]));
    }

    #[test]
    fn what_is_no_table_is_told() {
        assert_eq!(read("", 1), Err(CsvFault::Header));
        assert_eq!(read("a,c\n1,2\n", 1), Err(CsvFault::Column("b")));
        assert_eq!(read("a,b\n1,\"2\n", 1), Err(CsvFault::Cut));
        assert_eq!(read(&",".repeat(1_000), 9), Err(CsvFault::Header));
        let long = format!("a,b\n1,{}\n3,4\n", "x".repeat(MAX_FIELD + 1));
        let rows = read(&long, 1_000).unwrap();
        assert_eq!(rows[0], Err("a field is too long"));
        assert_eq!(rows[1], fields([Some("3"), Some("4"), None]));
        // Of a column that is not wanted any length will do, up to the row's.
        let long = format!("x,a,b\n\"{}\",3,4\n", "y\n".repeat(MAX_FIELD));
        let expected = vec![fields([Some("3"), Some("4"), None])];
        assert_eq!(read(&long, 1_000), Ok(expected));
    }

    #[test]
    fn a_row_without_an_end_is_given_up() {
        let mut csv = Csv::new(&["a"], &[]);
        csv.feed(b"a\n1\n\"", &mut |_, _| {}).unwrap();
        let chunk = vec![b'x'; 1 << 20];
        let fault = (0..100).find_map(|_| csv.feed(&chunk, &mut |_, _| {}).err());
        assert_eq!(fault, Some(CsvFault::Endless));
        assert!(csv.row.text.capacity() < 1 << 20);
    }

    /// As PostgreSQL writes a field.
    fn quoted(field: Option<&str>) -> String {
        match field {
            None => String::new(),
            Some(text) if text.is_empty() || text.contains(['"', ',', '\n', '\r']) => {
                format!("\"{}\"", text.replace('"', "\"\""))
            }
            Some(text) => text.to_owned(),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            rows in prop::collection::vec(prop::array::uniform4(prop::option::of("[a\",\n\r ]{0,5}")), 0..6),
            step in 1_usize..9,
        ) {
            let mut text = "c,x,b,a\n".to_owned();
            for row in &rows {
                let fields: Vec<String> = row.iter().map(|f| quoted(f.as_deref())).collect();
                text += &format!("{}\n", fields.join(","));
            }
            let expected: Vec<_> = rows
                .iter()
                .map(|[c, _, b, a]| Ok(vec![a.clone(), b.clone(), c.clone()]))
                .collect();
            prop_assert_eq!(read(&text, step), Ok(expected));
        }
    }
}
