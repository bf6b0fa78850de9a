// SPDX-License-Identifier: BSL-1.0
// The tables beside this file. Each entry is some lines "word  text", and a line that is empty or begins with
// # is between entries or before them:
//
//   rule     what is broken, in words (named.txt)
//   header   wire/refusal.hpp: behind include/afterwrite/
//   below    a line of the header, where the one that is changed is the first of its kind below that one
//   before   the line that is changed, as it stands there but for the blanks around it
//   after    what it becomes
//   unit, law, statistics, simulation
//            a test that must fail then, without its folder and its end: wire/refusal (named.txt)
//   reason   why nobody can notice (equivalent.txt)
#pragma once

#include "change.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace mutants {

using entry = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] std::vector<entry> read_table(std::string const& path);

/// The text of the first line of that word; empty if there is none.
[[nodiscard]] std::string text_of(entry const& of, std::string const& word);
[[nodiscard]] std::vector<std::string> texts_of(entry const& of, std::string const& word);

/// The change that an entry means. Throws a sentence if its line is not there, or is there more than once.
[[nodiscard]] change locate(entry const& wanted, std::string const& header_text);

/// More tests than its mirror that a header's mutants are shown to: "store/ laws/store_oracle" for a folder,
/// "wire/refusal.hpp decision/exchange" for one header. In the order of the file.
class further_tests {
public:
    explicit further_tests(std::string const& path);
    [[nodiscard]] std::vector<std::string> of(std::string const& header) const;

private:
    std::vector<std::pair<std::string, std::string>> all_;
};

} // namespace mutants
