// SPDX-License-Identifier: BSL-1.0
#include "history/history.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <utility>

namespace history {
namespace {

using words = std::span<std::string_view const>;

struct refused {
    parse_fault fault;
};

/// The blanks of a line part its words; it has `size` of them, or more than there is room for.
struct split_line {
    std::array<std::string_view, 8> word{};
    std::size_t size = 0;
};

split_line split(std::string_view line)
{
    split_line found;
    while (found.size < found.word.size()) {
        auto const end = line.find(' ');
        found.word[found.size++] = line.substr(0, end);
        if (end == std::string_view::npos)
            break;
        line.remove_prefix(end + 1);
    }
    return found;
}

std::uint64_t number_of(std::string_view text)
{
    constexpr auto greatest = std::numeric_limits<std::uint64_t>::max();
    if (text.empty() || (text.size() > 1 && text.front() == '0'))
        throw refused{parse_fault::bad_number};
    std::uint64_t number = 0;
    for (char const letter : text) {
        if (letter < '0' || letter > '9')
            throw refused{parse_fault::bad_number};
        auto const digit = static_cast<std::uint64_t>(letter - '0');
        if (number > (greatest - digit) / 10)
            throw refused{parse_fault::bad_number};
        number = number * 10 + digit;
    }
    return number;
}

version version_of(std::string_view text)
{
    auto const colon = text.find(':');
    if (colon == std::string_view::npos)
        throw refused{parse_fault::bad_version};
    version const at{number_of(text.substr(0, colon)), number_of(text.substr(colon + 1))};
    if ((at.epoch == 0) != (at.position == 0))
        throw refused{parse_fault::bad_version};
    return at;
}

std::string_view name_of(std::string_view word)
{
    if (word.empty() || word.size() > max_name_size)
        throw refused{parse_fault::bad_name};
    return word;
}

class parser {
public:
    void line(std::string_view text, std::size_t number)
    {
        line_ = number;
        auto const split_up = split(text);
        words const all{split_up.word.data(), split_up.size};
        if (all.size() < 4)
            throw refused{parse_fault::wrong_word};
        auto const time = number_of(all[0]);
        if (time < time_)
            throw refused{parse_fault::time_goes_back};
        time_ = time;
        if (all[1] == "epoch")
            epoch(all.subspan(2));
        else if (all[1] == "invoke")
            invoke(all.subspan(2));
        else if (all[1] == "return" || all[1] == "lost" || all[1] == "failed")
            end(all[1], all.subspan(2));
        else
            throw refused{parse_fault::unknown_event};
    }

    transcript take() { return std::move(read_); }

private:
    static void expect_words(words all, std::size_t count)
    {
        if (all.size() != count)
            throw refused{parse_fault::wrong_word};
    }

    name_id intern(std::string_view word)
    {
        auto found = names_.find(name_of(word));
        if (found == names_.end()) {
            found = names_.emplace(word, read_.names.size()).first;
            read_.names.emplace_back(word);
        }
        return found->second;
    }

    /// LOG NUMBER
    void epoch(words all)
    {
        expect_words(all, 2);
        auto const log = intern(all[0]);
        if (number_of(all[1]) != epoch_of(log) + 1)
            throw refused{parse_fault::wrong_epoch};
        ++epochs_[log];
        read_.events.push_back({event_kind::epoch, log});
    }

    /// SESSION NUMBER read|write LOG/KEY [VALUE]
    void invoke(words all)
    {
        if (all.size() < 4 || (all[2] != "read" && all[2] != "write"))
            throw refused{parse_fault::wrong_word};
        operation begun;
        begun.is_write = all[2] == "write";
        expect_words(all, begun.is_write ? 5 : 4);
        begun.session = intern(all[0]);
        begun.number = number_of(all[1]);
        if (!read_.operations.empty() && begun.number <= read_.operations.back().number)
            throw refused{parse_fault::number_not_greater};
        auto const slash = all[3].find('/');
        if (slash == std::string_view::npos || slash + 1 == all[3].size())
            throw refused{parse_fault::bad_name};
        begun.log = intern(all[3].substr(0, slash));
        begun.key = intern(all[3]);
        if (begun.is_write) {
            if (all[4] == nothing)
                throw refused{parse_fault::bad_name};
            begun.value = intern(all[4]);
            if (!values_.emplace(begun.key, begun.value).second)
                throw refused{parse_fault::repeated_value};
        }
        begun.invoke_line = line_;
        read_.events.push_back({event_kind::invoke, read_.operations.size()});
        read_.operations.push_back(begun);
    }

    /// SESSION NUMBER [VERSION [VALUE] [unbinding|unpromised]]
    void end(std::string_view how, words all)
    {
        auto const which = under_way(name_of(all[0]), number_of(all[1]));
        auto& ended = read_.operations[which];
        if (how == "return")
            take_answer(ended, all.subspan(2));
        else
            expect_words(all, 2);
        ended.ended = how == "return" ? ending::returned : how == "lost" ? ending::lost : ending::failed;
        ended.end_line = line_;
        read_.events.push_back({event_kind::end, which});
    }

    std::size_t under_way(std::string_view session, std::uint64_t number) const
    {
        auto const found = std::lower_bound(
            read_.operations.begin(), read_.operations.end(), number,
            [](operation const& each, std::uint64_t sought) { return each.number < sought; });
        if (found == read_.operations.end() || found->number != number || found->ended != ending::none ||
            read_.names[found->session] != session)
            throw refused{parse_fault::no_such_operation};
        return static_cast<std::size_t>(found - read_.operations.begin());
    }

    void take_answer(operation& ended, words all)
    {
        std::size_t const size = ended.is_write ? 1 : 2;
        if (all.size() < size || all.size() > size + 1)
            throw refused{parse_fault::wrong_word};
        ended.at = version_of(all[0]);
        bool const is_empty = !ended.is_write && all[1] == nothing;
        if ((ended.at == version{}) != is_empty)
            throw refused{parse_fault::bad_version};
        if (ended.at.epoch > epoch_of(ended.log))
            throw refused{parse_fault::wrong_epoch};
        if (!ended.is_write)
            ended.value = intern(all[1]);
        if (all.size() == size)
            return;
        if (all[size] == "unbinding")
            ended.given = promise::unbinding;
        else if (all[size] == "unpromised" && !ended.is_write)
            ended.given = promise::unpromised;
        else
            throw refused{parse_fault::wrong_word};
    }

    std::uint64_t epoch_of(name_id log) { return epochs_.emplace(log, 1).first->second; }

    transcript read_{};
    std::map<std::string, name_id, std::less<>> names_{};
    std::set<std::pair<name_id, name_id>> values_{}; // of the writes, with their keys
    std::map<name_id, std::uint64_t> epochs_{};
    std::uint64_t time_ = 0;
    std::size_t line_ = 0;
};

bool is_printable(char letter) { return letter >= ' ' && letter <= '~'; }

} // namespace

std::string_view to_string(parse_fault fault)
{
    switch (fault) {
    case parse_fault::no_head: return "the first line is not 'afterwrite history 1'";
    case parse_fault::cut_off: return "the text ends within a line";
    case parse_fault::long_line: return "the line is too long";
    case parse_fault::foreign_byte: return "there is a byte that is no printable ASCII";
    case parse_fault::unknown_event: return "there is no such event";
    case parse_fault::wrong_word: return "a word is missing, or has no place here";
    case parse_fault::bad_number: return "a number cannot be read";
    case parse_fault::bad_name: return "a name is too long, a key has no log, or nothing is written";
    case parse_fault::bad_version: return "a version cannot be read, or does not go with the value";
    case parse_fault::time_goes_back: return "the time goes back";
    case parse_fault::number_not_greater: return "the operation's number is not greater than those before";
    case parse_fault::no_such_operation: return "no such operation of this session is under way";
    case parse_fault::repeated_value: return "this value of this key was written before";
    case parse_fault::wrong_epoch: return "the epoch is not the next one, or has not begun";
    }
    return "";
}

parsed parse(std::string_view text)
{
    parser reading;
    std::size_t number = 0;
    auto const at_fault = [&](parse_fault fault) { return parsed{.error = parse_error{fault, number}}; };
    do {
        ++number;
        auto const end = text.find('\n');
        auto const line = text.substr(0, end);
        if (line.size() > max_line_size)
            return at_fault(parse_fault::long_line);
        if (!std::all_of(line.begin(), line.end(), is_printable))
            return at_fault(parse_fault::foreign_byte);
        if (number == 1 && line != first_line)
            return at_fault(parse_fault::no_head);
        if (end == std::string_view::npos)
            return at_fault(parse_fault::cut_off);
        text.remove_prefix(end + 1);
        if (number == 1 || line.empty() || line.front() == '#')
            continue;
        try {
            reading.line(line, number);
        } catch (refused const& why) {
            return at_fault(why.fault);
        }
    } while (!text.empty());
    return {.read = reading.take()};
}

std::uint64_t writer::invoke_write(std::uint64_t time, std::string_view session, std::string_view key,
                                   std::string_view value)
{
    out_ << time << " invoke " << session << ' ' << ++last_ << " write " << key << ' ' << value << '\n';
    return last_;
}

std::uint64_t writer::invoke_read(std::uint64_t time, std::string_view session, std::string_view key)
{
    out_ << time << " invoke " << session << ' ' << ++last_ << " read " << key << '\n';
    return last_;
}

namespace {

std::string_view behind(promise given)
{
    return given == promise::full ? "" : given == promise::unbinding ? " unbinding" : " unpromised";
}

} // namespace

void writer::return_write(std::uint64_t time, std::string_view session, std::uint64_t number, version at,
                          promise given)
{
    out_ << time << " return " << session << ' ' << number << ' ' << at.epoch << ':' << at.position
         << behind(given) << '\n';
}

void writer::return_read(std::uint64_t time, std::string_view session, std::uint64_t number, version at,
                         std::string_view value, promise given)
{
    out_ << time << " return " << session << ' ' << number << ' ' << at.epoch << ':' << at.position << ' '
         << value << behind(given) << '\n';
}

void writer::lost(std::uint64_t time, std::string_view session, std::uint64_t number)
{
    out_ << time << " lost " << session << ' ' << number << '\n';
}

void writer::failed(std::uint64_t time, std::string_view session, std::uint64_t number)
{
    out_ << time << " failed " << session << ' ' << number << '\n';
}

void writer::epoch(std::uint64_t time, std::string_view log, std::uint64_t number)
{
    out_ << time << " epoch " << log << ' ' << number << '\n';
}

void writer::comment(std::string_view words_of_it) { out_ << "# " << words_of_it << '\n'; }

} // namespace history
