-- Sends prepared requests, one a line ("PATH" or "PATH<tab>BODY"), and prints what happened as one JSON line.
-- Arguments: METHOD FILE once|cycle OFFSET. `once` sends every line at most once, beginning after OFFSET lines.
local method, cycle, lines, file

local function open_at(path, offset)
  file = path
  lines = io.lines(path)
  for _ = 1, offset do
    if lines() == nil then break end
  end
end

local function next_line()
  local line = lines()
  if line == nil and cycle then
    open_at(file, 0)
    line = lines()
  end
  return line
end

-- Called by wrk.init, which sets the Host header first.
function init(args)
  method, cycle = args[1], args[3] == "cycle"
  open_at(args[2], tonumber(args[4]))
end

-- Global, because `done` runs in another Lua state and can only ask for globals.
ended = false
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function request()
  local line = not ended and next_line() or nil
  if line == nil then
    -- Out of lines: stop, rather than send duplicates. wrk still waits until the time is over.
    ended = true
    wrk.thread:stop()
    return wrk.format("GET", "/")
  end
  local tab = line:find("\t", 1, true)
  if tab == nil then
    return wrk.format(method, line)
  end
  return wrk.format(method, line:sub(1, tab - 1), nil, line:sub(tab + 1))
end

function done(summary, latency, requests)
  local errors = summary.errors
  local result = '{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, '
    .. '"refused": %d, "socket_errors": %d, "exhausted": %s, "bytes": %d}'
  io.write("RESULT ", string.format(result,
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    tostring(threads[1]:get("ended")),
    summary.bytes
  ), "\n")
end
