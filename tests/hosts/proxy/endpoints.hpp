// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "answers.hpp"
#include "fields.hpp"
#include "settings.hpp"
#include "shared.hpp"

#include <optional>

namespace proxy {

/// What the proxy answers itself, whatever its cluster does: `/proxy/v1/health`, `/proxy/v1/metrics`,
/// `/proxy/v1/quit`; and what it refuses. Nothing: the request is for the cluster. Any thread.
[[nodiscard]] std::optional<own_answer> answer_itself(request_head const& request, framing const& how,
                                                      listener_settings const& from, shared& all);

} // namespace proxy
