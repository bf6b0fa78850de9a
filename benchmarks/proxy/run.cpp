// SPDX-License-Identifier: BSL-1.0
#include "run.hpp"

#include "load.hpp"
#include "probe/json_file.hpp"
#include "upstream.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace proxy_load {

namespace {

constexpr char const* usage =
    R"(usage: sh benchmarks/run.sh proxy [-- [--pairs N] [--seconds S] [--write] [--tls] [--json FILE]]

The proxy of tests/hosts/proxy with enforcement and without it, before an nginx that answers at once, driven
by wrk by turns; and a second one without it (A/A), for the noise of the machine.

  --pairs N     measurements of each, 15 or more for a verdict (default: 60)
  --seconds S   of each measurement (default: 1)
  --write       writes, instead of reads by callers who have written
  --tls         from the proxy to nginx; clients speak without it
  --json FILE   {"ratio", "aa_ratio", "cpu_ratio", ...}

Exit status 1: the median of enforced : unenforced is below 0.97 of that of unenforced : unenforced.
)";

struct options {
    int pairs = 60;
    load_options load{};
    std::string json{};
    std::string wrong{}; ///< a sentence, or nothing
    bool wants_help = false;
};

options read(std::vector<std::string> const& arguments)
{
    options chosen;
    for (std::size_t i = 0; i < arguments.size() && chosen.wrong.empty(); ++i) {
        auto const& name = arguments[i];
        bool const has_value = i + 1 < arguments.size();
        auto const number = [&](double least, double greatest) {
            double value = 0;
            std::istringstream text(has_value ? arguments[++i] : std::string());
            if (!(text >> value) || !text.eof() || value < least || value > greatest)
                chosen.wrong = name + " takes a number that is not out of range";
            return value;
        };
        if (name == "--help")
            chosen.wants_help = true;
        else if (name == "--pairs")
            chosen.pairs = static_cast<int>(number(1, 10'000));
        else if (name == "--seconds")
            chosen.load.seconds = number(1, 3600);
        else if (name == "--write")
            chosen.load.is_write = true;
        else if (name == "--tls")
            chosen.load.by_tls = true;
        else if (name == "--json" && has_value)
            chosen.json = arguments[++i];
        else
            chosen.wrong = "there is no option '" + name + "'";
    }
    return chosen;
}

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    auto const half = values.size() / 2;
    return values.size() % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Of each pair the ratio, so that what lasts longer than a pair falls out.
struct ratios {
    std::vector<double> throughput{}; ///< enforced : unenforced
    std::vector<double> same{};       ///< unenforced : unenforced
    std::vector<double> cpu{};        ///< time of a processor for a request, enforced : unenforced
    std::vector<double> same_cpu{};
    std::vector<double> plain{}; ///< unenforced, requests per second
};

/// Each order of the three comes as often as any other, so that nobody is always the first, or behind the
/// same one.
ratios compare(load const& wrk, std::vector<contestant const*> const& three, int pairs, std::ostream& out)
{
    ratios found;
    std::array<std::size_t, 3> order{0, 1, 2};
    for (int i = 0; i < pairs; ++i) {
        measured seen[3];
        for (auto const which : order)
            seen[which] = wrk.measure(*three[which]);
        std::next_permutation(order.begin(), order.end());
        found.throughput.push_back(seen[1].requests_per_second / seen[0].requests_per_second);
        found.same.push_back(seen[2].requests_per_second / seen[0].requests_per_second);
        found.cpu.push_back(seen[1].cpu_seconds_per_request / seen[0].cpu_seconds_per_request);
        found.same_cpu.push_back(seen[2].cpu_seconds_per_request / seen[0].cpu_seconds_per_request);
        found.plain.push_back(seen[0].requests_per_second);
        out << std::fixed << std::setprecision(3) << std::setw(4) << i + 1 << std::setw(10)
            << std::setprecision(0) << seen[0].requests_per_second << " /s" << std::setprecision(3)
            << "   enforced " << found.throughput.back() << "   same " << found.same.back() << "   cpu "
            << found.cpu.back() << std::endl;
    }
    return found;
}

std::string json_of(ratios const& found, options const& chosen)
{
    std::ostringstream text;
    text << std::fixed << std::setprecision(4) << "{\"ratio\": " << median(found.throughput)
         << ", \"aa_ratio\": " << median(found.same) << ", \"cpu_ratio\": " << median(found.cpu)
         << ", \"aa_cpu_ratio\": " << median(found.same_cpu)
         << ", \"requests_per_second\": " << median(found.plain) << ", \"pairs\": " << chosen.pairs
         << ", \"seconds\": " << chosen.load.seconds << ", \"write\": " << std::boolalpha
         << chosen.load.is_write << ", \"tls\": " << chosen.load.by_tls << "}\n";
    return text.str();
}

} // namespace

int run(std::vector<std::string> const& arguments, std::ostream& out, std::ostream& err)
{
    auto const chosen = read(arguments);
    if (chosen.wants_help) {
        out << usage;
        return 0;
    }
    if (!chosen.wrong.empty()) {
        err << "proxy: " << chosen.wrong << "; see --help\n";
        return status_unusable;
    }
    probe::json_file file;
    if (!chosen.json.empty() && !file.open(chosen.json)) {
        err << "proxy: " << chosen.json << " cannot be written\n";
        return status_unusable;
    }
    scratch_folder const folder;
    upstream const nginx("nginx", folder, chosen.load.by_tls);
    contestant const plain("unenforced", "never", nginx, folder);
    contestant const enforced("enforced", "always", nginx, folder);
    contestant const same("unenforced_too", "never", nginx, folder);
    load const wrk(chosen.load, folder);
    for (auto const* const one : {&plain, &enforced, &same})
        wrk.prepare(*one);
    if (load::seen_upstream(enforced).empty() || !load::seen_upstream(plain).empty()) {
        err << "proxy: the proxies do not differ in what they send\n";
        return status_unusable;
    }
    auto const found = compare(wrk, {&plain, &enforced, &same}, chosen.pairs, out);
    auto const text = json_of(found, chosen);
    bool const is_met = median(found.throughput) >= 0.97 * median(found.same);
    out << "must  enforced : unenforced at least 0.97 of unenforced : unenforced: "
        << (is_met ? "met, " : "MISSED, ") << std::setprecision(3) << median(found.throughput) << " beside "
        << median(found.same) << "; processor time of a request " << median(found.cpu) << " beside "
        << median(found.same_cpu) << "\n"
        << text;
    if (!chosen.json.empty() && !file.write(text)) {
        err << "proxy: " << chosen.json << " cannot be written\n";
        return status_unusable;
    }
    return is_met ? 0 : status_missed;
}

} // namespace proxy_load
