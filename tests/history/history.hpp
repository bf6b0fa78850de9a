// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

/// What the clients of a cluster saw, as a text: FORMAT.md says what each word means.
namespace history {

constexpr std::string_view first_line = "afterwrite history 1";
constexpr std::string_view nothing = "-"; ///< what a read sees where there is nothing
constexpr std::size_t max_line_size = 1024;
constexpr std::size_t max_name_size = 256;

/// Where a write stands in its log. 0:0 comes before all of them.
struct version {
    std::uint64_t epoch = 0;
    std::uint64_t position = 0;
    friend constexpr auto operator<=>(version const&, version const&) = default;
};

/// What an answer promises.
enum class promise : std::uint8_t {
    full,
    unbinding, ///< it carried no index: it binds no later read
    unpromised ///< of a read: it may be stale, and binds nothing
};

enum class ending : std::uint8_t { none, returned, lost, failed };

/// A place in `transcript::names`.
using name_id = std::size_t;

struct operation {
    std::uint64_t number = 0;
    name_id session = 0;
    name_id log = 0;
    name_id key = 0;   ///< with its log
    name_id value = 0; ///< of a write, or what a read saw
    bool is_write = false;
    ending ended = ending::none;
    promise given = promise::full;
    version at{};
    std::size_t invoke_line = 0;
    std::size_t end_line = 0; ///< 0 if there is none
};

enum class event_kind : std::uint8_t { invoke, end, epoch };

struct event {
    event_kind kind;
    std::size_t which; ///< of an epoch the name of its log, else a place in `transcript::operations`
};

struct transcript {
    std::vector<std::string> names{};
    std::vector<operation> operations{}; ///< as they began
    std::vector<event> events{};         ///< as they happened
};

enum class parse_fault : std::uint8_t {
    no_head,            ///< the first line is not `first_line`
    cut_off,            ///< the last line has no end
    long_line,          ///< more than `max_line_size` bytes
    foreign_byte,       ///< neither printable ASCII nor the end of a line
    unknown_event,      ///< not one of those that there are
    wrong_word,         ///< a word too many or too few, or none of those that may stand there
    bad_number,         ///< not decimal, or with leading zeros, or 2^64 or more
    bad_name,           ///< too long; or a key without its log; or a write of `nothing`
    bad_version,        ///< not EPOCH:POSITION; or 0:0 with a value; or a value without a version
    time_goes_back,     ///< less than on the line before
    number_not_greater, ///< than that of the operation that began before it
    no_such_operation,  ///< it did not begin, has ended, or is of another session
    repeated_value,     ///< another write of this key had it
    wrong_epoch         ///< not the next one; or a version of an epoch that has not begun
};

[[nodiscard]] std::string_view to_string(parse_fault fault);

struct parse_error {
    parse_fault fault;
    std::size_t line; ///< from 1
};

/// Either a transcript or what is wrong with the text, which may hold anything.
struct parsed {
    transcript read{};
    std::optional<parse_error> error{};
};

[[nodiscard]] parsed parse(std::string_view text);

/// Writes the text of a history, and numbers its operations. It does not look at what is written: `parse`
/// does that.
class writer {
public:
    explicit writer(std::ostream& out) : out_(out) { out_ << first_line << '\n'; }

    /// Returns the number of the operation. `key` is LOG/KEY.
    std::uint64_t invoke_write(std::uint64_t time, std::string_view session, std::string_view key,
                               std::string_view value);
    std::uint64_t invoke_read(std::uint64_t time, std::string_view session, std::string_view key);

    void return_write(std::uint64_t time, std::string_view session, std::uint64_t number, version at,
                      promise given = promise::full);
    void return_read(std::uint64_t time, std::string_view session, std::uint64_t number, version at,
                     std::string_view value, promise given = promise::full);
    void lost(std::uint64_t time, std::string_view session, std::uint64_t number);
    void failed(std::uint64_t time, std::string_view session, std::uint64_t number);
    void epoch(std::uint64_t time, std::string_view log, std::uint64_t number);
    void comment(std::string_view words);

private:
    std::ostream& out_;
    std::uint64_t last_ = 0;
};

} // namespace history
