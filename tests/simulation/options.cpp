// SPDX-License-Identifier: BSL-1.0
#include "options.hpp"

#include <charconv>
#include <string_view>

namespace simulation {

namespace {

bool read_number(std::string_view text, std::uint64_t& into)
{
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

/// `N`: seeds 1 to N; `A..B`.
bool read_seeds(std::string_view text, options& into)
{
    auto const dots = text.find("..");
    if (dots == std::string_view::npos)
        return read_number(text, into.last_seed) && into.last_seed > 0;
    return read_number(text.substr(0, dots), into.first_seed) &&
           read_number(text.substr(dots + 2), into.last_seed) && into.first_seed <= into.last_seed;
}

bool read_value(std::string_view name, std::string_view value, options& into)
{
    std::uint64_t number = 0;
    if (name == "--seeds")
        return read_seeds(value, into);
    if (name == "--history") {
        into.history = std::string(value);
        return !value.empty();
    }
    if (!read_number(value, number) || number == 0)
        return false;
    if (name == "--seed") {
        into.first_seed = into.last_seed = number;
    } else if (name == "--operations") {
        into.operations = number;
    } else {
        into.jobs = number;
    }
    return true;
}

} // namespace

options read_options(int count, char const* const* arguments)
{
    options read;
    for (int i = 1; i < count; ++i) {
        std::string_view const name = arguments[i];
        if (name == "--shrink") {
            read.shrinks = true;
        } else if (name == "--rivals") {
            read.has_rivals = true;
        } else if (name == "--help") {
            read.wants_help = true;
        } else if (name == "--seeds" || name == "--seed" || name == "--operations" || name == "--jobs" ||
                   name == "--history") {
            if (++i == count || !read_value(name, arguments[i], read))
                read.error = "what follows " + std::string(name) + " is not what it needs";
        } else {
            read.error = "there is no option " + std::string(name);
        }
    }
    if (read.error.empty() && (read.shrinks || read.history) && !read.is_single())
        read.error = "--shrink and --history are for a single seed, such as --seeds 7..7";
    return read;
}

std::string usage()
{
    return R"(usage: afterwrite.simulation [--seeds N | --seeds A..B | --seed S] [option...]

Runs the library in virtual time against emulated clusters in which everything goes wrong, and checks at
every step that it keeps what it promises. What happens depends on the seed alone. The last line says how
many operations were simulated, and how many violations were seen; if there were any, it ends with status 1.
So it does if a kind of fault struck in none of 100 seeds or more; of fewer it only says so.

  --seeds N        seeds 1 to N (200)
  --seeds A..B     seeds A to B; of a single one, such as 7..7, it tells more
  --seed S         the same as --seeds S..S
  --operations N   so many of each seed (20000)
  --jobs N         so many threads (one for each processor)
  --shrink         of one seed that fails: leave out what is not needed to fail, and tell what is left
  --history FILE   of one seed: write what the clients saw, as tests/history/FORMAT.md says. Promotions and
                   takeovers are left out then: they would give a key several logs
  --rivals         before that, the same clusters and faults for other client libraries, by their documented
                   rules, and for a client that does nothing: a table of what each breaks how often
)";
}

} // namespace simulation
