// SPDX-License-Identifier: BSL-1.0
#pragma once

// Everything but store/, transport/, adapters/ and the text form of sessions (portable_session.hpp), floor by
// floor.

#include <afterwrite/clock.hpp>
#include <afterwrite/lock.hpp>
#include <afterwrite/result.hpp>
#include <afterwrite/version.hpp>

#include <afterwrite/bytes/ascii_case.hpp>
#include <afterwrite/bytes/base64.hpp>
#include <afterwrite/bytes/base64url.hpp>
#include <afterwrite/bytes/crc32.hpp>
#include <afterwrite/bytes/eight_bytes.hpp>
#include <afterwrite/bytes/hcl.hpp>
#include <afterwrite/bytes/hex.hpp>
#include <afterwrite/bytes/hmac_sha256.hpp>
#include <afterwrite/bytes/inline_string.hpp>
#include <afterwrite/bytes/json.hpp>
#include <afterwrite/bytes/protobuf.hpp>
#include <afterwrite/bytes/sha256.hpp>
#include <afterwrite/bytes/siphash.hpp>
#include <afterwrite/bytes/utf8.hpp>
#include <afterwrite/bytes/wipe.hpp>

#include <afterwrite/message/message_traits.hpp>

#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/state/opaque_index.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/state/wal_state.hpp>

#include <afterwrite/wire/best_effort.hpp>
#include <afterwrite/wire/consistent_token.hpp>
#include <afterwrite/wire/decode_error.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/field_names.hpp>
#include <afterwrite/wire/index_field.hpp>
#include <afterwrite/wire/newborn.hpp>
#include <afterwrite/wire/openbao_index.hpp>
#include <afterwrite/wire/refusal.hpp>
#include <afterwrite/wire/retry_after.hpp>
#include <afterwrite/wire/stale_negative.hpp>
#include <afterwrite/wire/vault_index.hpp>

#include <afterwrite/session/answer_kind.hpp>
#include <afterwrite/session/arrival.hpp>
#include <afterwrite/session/attempt_facts.hpp>
#include <afterwrite/session/cached_state.hpp>
#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/session/cluster_demands.hpp>
#include <afterwrite/session/lineage.hpp>
#include <afterwrite/session/read_fence.hpp>
#include <afterwrite/session/recorded.hpp>
#include <afterwrite/session/regression.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/session/session.hpp>
#include <afterwrite/session/session_options.hpp>
#include <afterwrite/session/shared_session.hpp>
#include <afterwrite/session/unplaced_demand.hpp>

#include <afterwrite/policy/backoff.hpp>
#include <afterwrite/policy/breaker.hpp>
#include <afterwrite/policy/capabilities.hpp>
#include <afterwrite/policy/choose_node.hpp>
#include <afterwrite/policy/cluster_and_peers.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/policy/declared_nodes.hpp>
#include <afterwrite/policy/node_hopping.hpp>
#include <afterwrite/policy/node_knowledge.hpp>
#include <afterwrite/policy/node_settings.hpp>
#include <afterwrite/policy/proxy_policy.hpp>
#include <afterwrite/policy/replication_lag.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/policy/retry_budget.hpp>
#include <afterwrite/policy/retry_limit.hpp>
#include <afterwrite/policy/shared_replication_view.hpp>
#include <afterwrite/policy/single_flight.hpp>
#include <afterwrite/policy/traffic_budget.hpp>

#include <afterwrite/decision/approach.hpp>
#include <afterwrite/decision/attempt_fields.hpp>
#include <afterwrite/decision/client_request.hpp>
#include <afterwrite/decision/course.hpp>
#include <afterwrite/decision/decide.hpp>
#include <afterwrite/decision/exchange.hpp>
#include <afterwrite/decision/heard.hpp>
#include <afterwrite/decision/lag_sample.hpp>
#include <afterwrite/decision/learned_wait.hpp>
#include <afterwrite/decision/node_view.hpp>
#include <afterwrite/decision/own_log.hpp>
#include <afterwrite/decision/progress.hpp>
#include <afterwrite/decision/proxied_exchange.hpp>
#include <afterwrite/decision/proxy_answer.hpp>
#include <afterwrite/decision/pursuit.hpp>
#include <afterwrite/decision/read_answer.hpp>
#include <afterwrite/decision/read_message.hpp>
#include <afterwrite/decision/refusal_answer.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/decision/requirement.hpp>
#include <afterwrite/decision/retry_schedule.hpp>
#include <afterwrite/decision/ruling.hpp>
#include <afterwrite/decision/state_waiters.hpp>
#include <afterwrite/decision/step.hpp>
#include <afterwrite/decision/transitions.hpp>
#include <afterwrite/decision/waiter_heap.hpp>
