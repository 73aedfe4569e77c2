//! Prints the guest book, with the time of each entry where somebody is looking.

#![forbid(unsafe_code)]

use guestbook_store::Book;

fn main() {
    let mut book = Book::default();
    book.sign("Ferris");
    for name in book.names() {
        if atty::is(atty::Stream::Stdout) {
            print!("{} ", chrono::Utc::now().format("%F %T"));
        }
        println!("{name}");
    }
}
