// SPDX-License-Identifier: BSL-1.0
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

namespace {

unsigned selected = 0;

// Counts the test cases that pass the filters, so that a filter which selects nothing fails.
struct selected_counter : doctest::IReporter {
    explicit selected_counter(doctest::ContextOptions const&) {}
    void report_query(doctest::QueryData const&) override {}
    void test_run_start() override {}
    void test_run_end(doctest::TestRunStats const& stats) override
    {
        selected = stats.numTestCasesPassingFilters;
    }
    void test_case_start(doctest::TestCaseData const&) override {}
    void test_case_reenter(doctest::TestCaseData const&) override {}
    void test_case_end(doctest::CurrentTestCaseStats const&) override {}
    void test_case_exception(doctest::TestCaseException const&) override {}
    void subcase_start(doctest::SubcaseSignature const&) override {}
    void subcase_end() override {}
    void log_assert(doctest::AssertData const&) override {}
    void log_message(doctest::MessageData const&) override {}
    void test_case_skipped(doctest::TestCaseData const&) override {}
};

} // namespace

REGISTER_LISTENER("selected_counter", 1, selected_counter);

int main(int argc, char** argv)
{
    doctest::Context context{argc, argv};
    int const failed = context.run();
    if (context.shouldExit())
        return failed; // a question like --help or --list-test-cases
    if (selected == 0) {
        std::fputs("No test case passes the filters.\n", stderr);
        return 1;
    }
    return failed;
}
