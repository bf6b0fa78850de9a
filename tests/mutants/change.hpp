// SPDX-License-Identifier: BSL-1.0
// A mutant: one line of a header of the library that says something else.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mutants {

/// What one header becomes. The header's name is that behind include/afterwrite/: "wire/refusal.hpp".
struct change {
    std::string header;
    std::size_t line = 0; ///< the first one being 0
    std::string before;
    std::string after; ///< as `before`, with the white space around it

    friend bool operator==(change const&, change const&) = default;
};

using lines = std::vector<std::string>;

[[nodiscard]] std::string read_file(std::string const& path);
[[nodiscard]] lines lines_of(std::string const& text);
[[nodiscard]] std::string trimmed(std::string const& text);

/// The text with each character of a comment, a literal of text, a directive of the preprocessor, an
/// attribute or a `static_assert` replaced by a blank.
[[nodiscard]] std::string code_of(std::string const& text);

/// All mutants of a header that one operator, constant, condition or statement makes, in the order of the
/// text.
[[nodiscard]] std::vector<change> changes_of(std::string const& header, std::string const& text);

} // namespace mutants
