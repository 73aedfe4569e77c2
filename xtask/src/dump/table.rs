//! Tables, written as `COPY … WITH CSV HEADER` writes them.

use std::io::{self, Write};

use crate::fuzz::rng::Rng;

/// A field; none is null.
pub(super) type Field = Option<String>;

/// Makes one row after the other, in the order of the table's columns; none after the last.
type Rows = Box<dyn FnMut() -> Option<Vec<Field>>>;

/// A table that can be written.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
    pub(super) rows: Rows,
}

/// Where a written column's fields come from: the table's own column of that place, or nowhere.
pub(super) type Order = Vec<(String, Option<usize>)>;

impl Table {
    /// The columns as they are written: their own, or those and others in another order.
    pub(super) fn order(&self, is_shuffled: bool, rng: &mut Rng) -> Order {
        let own = self.columns.iter().enumerate();
        let mut order: Order = own
            .map(|(at, name)| ((*name).to_owned(), Some(at)))
            .collect();
        if is_shuffled {
            order.push(("added_since".to_owned(), None));
            order.push(("another, \"quoted\"".to_owned(), None));
            shuffle(&mut order, rng);
        }
        order
    }

    pub(super) fn write(&mut self, order: &Order, out: &mut impl Write) -> io::Result<()> {
        let names = order.iter().map(|(name, _)| Some(name.as_str()));
        write_row(names, out)?;
        while let Some(row) = (self.rows)() {
            let fields = order.iter().map(|(_, place)| match place {
                Some(place) => row.get(*place).and_then(Option::as_deref),
                None => Some("a \"new\" field,\nof two lines"),
            });
            write_row(fields, out)?;
        }
        Ok(())
    }
}

fn write_row<'a>(
    fields: impl Iterator<Item = Option<&'a str>>,
    out: &mut impl Write,
) -> io::Result<()> {
    for (at, field) in fields.enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        match field {
            None => {}
            Some(text) if text.is_empty() || text.contains(['"', ',', '\n', '\r']) => {
                write!(out, "\"{}\"", text.replace('"', "\"\""))?;
            }
            Some(text) => out.write_all(text.as_bytes())?,
        }
    }
    out.write_all(b"\n")
}

/// Fisher and Yates' shuffle.
pub(super) fn shuffle<T>(items: &mut [T], rng: &mut Rng) {
    for at in (1..items.len()).rev() {
        items.swap(at, rng.below(at + 1));
    }
}
