//! temp
mod support;
use support::*;
use rocky_base::Dialect;
#[test]
fn fuzz() {
    let text = std::fs::read_to_string("/tmp/fuzz.txt").unwrap();
    let mut blocks = text.trim_end().split("\n----\n");
    let schema = Schema::parse(blocks.next().unwrap());
    let (mut ok, mut wrong, mut missed) = (0, vec![], vec![]);
    for b in blocks {
        let (q, a) = b.split_once("\n====\n").unwrap();
        let p = rocky_syntax::parser::parse(q, Dialect::DuckDb);
        if !p.diagnostics.is_empty() { wrong.push(format!("PARSE {q} {:?}", p.diagnostics[0].message)); continue; }
        let an = schema.analyse_parsed(q, &p.ast);
        let e: Vec<String> = findings(q, &an).into_iter().filter(|f| f.starts_with('E')).collect();
        if a.starts_with("error") { if e.is_empty() { missed.push(format!("{q}\n  {a}")); } else { ok += 1; } continue; }
        let found = columns_text(&an);
        if !e.is_empty() || found != a.trim() { wrong.push(format!("{q}\n   {}\n--want\n{}\n--found\n{}", e.join("\n   "), a.trim(), found)); } else { ok += 1; }
    }
    println!("ok {ok} wrong {} missed {}", wrong.len(), missed.len());
    for w in wrong.iter().take(25) { println!("W {w}\n"); }
    for w in missed.iter().take(15) { println!("M {w}\n"); }
}
