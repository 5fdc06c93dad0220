---`:checkhealth athena`

local M = {}

local health = vim.health

local function check_neovim()
  health.start("Neovim")
  if vim.fn.has("nvim-0.10") == 1 then
    local version = vim.version --[[@as fun(): vim.Version]]
    health.ok("Neovim " .. tostring(version()))
  else
    health.error("Neovim 0.10 or newer is needed", "Upgrade Neovim.")
  end
  if pcall(vim.treesitter.language.add, "markdown") then
    health.ok("The Markdown parser is here: transcripts are highlighted.")
  else
    health.warn("There is no Markdown parser: transcripts are plain text.", {
      "Install the parsers that belong to Neovim, or `:TSInstall markdown markdown_inline`.",
    })
  end
end

---What the program answers, with the variables that the user gave it.
---@param timeout integer milliseconds
---@param ... string
---@return vim.SystemCompleted?
local function ask(timeout, ...)
  local config = require("athena.config")
  local command = config.program(...)
  return command and vim.system(command, { text = true, env = config.get().env }):wait(timeout)
end

---@return boolean
local function check_program()
  health.start("Athena")
  local done = ask(10000, "--version")
  if not done then
    health.error("The program `athena` is not on Neovim's PATH.", {
      "Install it from a checkout of Athena: `uv tool install .` or `pipx install .`.",
      'Or say where it is: `require("athena").setup { command = { "/path/to/athena" } }`.',
    })
    return false
  end
  if done.code ~= 0 then
    health.error(("`athena --version` ends with %d"):format(done.code), {
      vim.trim(done.stderr or ""),
    })
    return false
  end
  health.ok(vim.trim(done.stdout or ""))
  return true
end

local function check_connection()
  local client = require("athena.client")
  if client.state == "running" and client.info then
    local info = client.info
    health.ok(("Connected: version %s, pid %d, %s"):format(info.version, info.pid, info.stateDir))
  elseif client.state == "off" then
    health.info("Not connected; any :Athena command connects.")
  else
    health.warn(("Not connected: %s"):format(client.why or client.state), ":Athena restart")
  end
end

---By level, how a finding of `athena doctor` is shown. What is merely not installed is no fault.
---@type table<string, fun(text: string, advice?: string[])>
local SHOW = {
  ok = function(text)
    health.ok(text)
  end,
  absent = function(text, advice)
    health.info(table.concat({ text, unpack(advice or {}) }, ". "))
  end,
  warning = health.warn,
  error = health.error,
}

local function check_doctor()
  health.start("Set-up (`athena doctor`)")
  local done = ask(60000, "doctor", "--json")
  local ok, found =
    pcall(vim.json.decode, done and done.stdout or "", { luanil = { object = true } })
  if not ok then
    return health.warn("`athena doctor` says: " .. vim.trim(done and done.stderr or "nothing"))
  end
  for _, one in ipairs(found.findings) do
    local show = SHOW[one.level] or health.warn
    show(("%s: %s"):format(one.name, one.words), one.hint and { one.hint } or nil)
  end
end

function M.check()
  check_neovim()
  if check_program() then
    check_connection()
    check_doctor()
  end
end

return M
