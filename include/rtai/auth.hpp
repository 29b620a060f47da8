#pragma once

// Who calls, and how much they may: tokens, keys, limits. Each header also stands alone. Link with crypto and
// boost_json.

#include <rtai/auth/admission.hpp>
#include <rtai/auth/api_keys.hpp>
#include <rtai/auth/guard.hpp>
#include <rtai/auth/jwks.hpp>
#include <rtai/auth/jwt.hpp>
#include <rtai/auth/key.hpp>
#include <rtai/auth/limits.hpp>
#include <rtai/auth/options.hpp>
