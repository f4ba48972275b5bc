//===- LineReader.cpp - Lines that a person types --------------*- C++ -*-===//
#include "LineReader.h"
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <histedit.h>
#include <unistd.h>

using namespace quern;

struct LineReader::Terminal {
  EditLine *edit;
  History *history;
  const char *prompt = "> ";

  explicit Terminal(const char *program)
      : edit(el_init(program, stdin, stdout, stderr)), history(history_init()) {
    HistEvent event;
    history_w(&event);
    el_set(edit, EL_CLIENTDATA, this);
    el_set(edit, EL_PROMPT, &Terminal::promptOf);
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_HIST, ::history, history);
    el_set(edit, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  }
  ~Terminal() {
    history_end(history);
    el_end(edit);
  }
  void history_w(HistEvent *event) {
    ::history(history, event, H_SETSIZE, 1000);
    ::history(history, event, H_SETUNIQUE, 1);
  }
  static char *promptOf(EditLine *edit) {
    Terminal *self = nullptr;
    el_get(edit, EL_CLIENTDATA, &self);
    return const_cast<char *>(self->prompt);
  }
};

LineReader::LineReader(const std::string &program) {
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
    return;
  // Editing counts characters, not bytes.
  setlocale(LC_CTYPE, "C.UTF-8");
  terminal = std::make_unique<Terminal>(program.c_str());
}

LineReader::~LineReader() = default;

LineReader::State LineReader::readOne(std::string &line, bool more) {
  if (terminal) {
    terminal->prompt = more ? ". " : "> ";
    int count = 0;
    errno = 0;
    const char *text = el_gets(terminal->edit, &count);
    if (!text || count <= 0)
      return count < 0 && errno == EINTR ? State::Interrupted : State::End;
    line.assign(text, size_t(count));
    HistEvent event;
    if (line != "\n")
      history(terminal->history, &event, H_ENTER, text);
  } else {
    line.clear();
    int c;
    while ((c = getc(stdin)) != EOF && c != '\n')
      line += char(c);
    if (c == EOF && line.empty())
      return State::End;
  }
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r'))
    line.pop_back();
  return State::Line;
}

LineReader::State LineReader::read(std::string &line) {
  line.clear();
  std::string part;
  for (bool more = false;; more = true) {
    State state = readOne(part, more);
    if (state != State::Line)
      return more && state == State::End ? State::Line : state;
    line += part;
    if (!line.ends_with('\\'))
      return State::Line;
    line.back() = '\n';
  }
}
