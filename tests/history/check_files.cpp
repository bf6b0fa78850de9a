// SPDX-License-Identifier: BSL-1.0
#include "history/check_files.hpp"

#include "history/checker.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace history {
namespace {

void print(std::string const& name, report const& found, std::ostream& out)
{
    out << name << ": " << found.writes << " writes (" << found.acknowledged << " acknowledged; "
        << found.uncertain << " uncertain, of which " << found.executed << " seen), " << found.reads
        << " reads (" << found.answered << " answered, of which " << found.unpromised << " unpromised), "
        << found.findings.size() << " violations\n";
    auto const printed = std::min(found.findings.size(), max_witnesses);
    for (std::size_t i = 0; i < printed; ++i) {
        auto const& [broken, line, witness] = found.findings[i];
        out << name << ':' << line << ": " << to_string(broken) << ": " << witness << '\n';
    }
    if (printed < found.findings.size())
        out << name << ": and " << found.findings.size() - printed << " more\n";
}

int check_file(std::string const& name, std::ostream& out, std::ostream& err)
{
    std::ifstream file{name, std::ios::binary};
    std::ostringstream text;
    if (!(text << file.rdbuf())) {
        err << name << ": the file cannot be read\n";
        return status_unreadable;
    }
    auto const [read, error] = parse(text.str());
    if (error) {
        err << name << ':' << error->line << ": " << to_string(error->fault) << '\n';
        return status_unreadable;
    }
    auto const found = check(read);
    print(name, found, out);
    return found.findings.empty() ? status_right : status_wrong;
}

} // namespace

int check_files(std::span<std::string const> names, std::ostream& out, std::ostream& err)
{
    if (names.empty()) {
        err << "usage: afterwrite.check_history FILE...\n"
               "Says whether histories (tests/history/FORMAT.md) keep the session guarantees. Its status is "
               "1 if\n"
               "one does not, and 2 if one cannot be read.\n";
        return status_unreadable;
    }
    int worst = status_right;
    for (auto const& name : names)
        worst = std::max(worst, check_file(name, out, err));
    return worst;
}

} // namespace history
