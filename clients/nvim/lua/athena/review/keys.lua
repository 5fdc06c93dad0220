---The keys of a review.

local function review()
  return require("athena.review")
end

---@param verdict athena.Verdict
---@return fun()
local function hunks(verdict)
  return function()
    review().verdict_here(verdict)
  end
end

---@param verdict athena.Verdict
---@return fun()
local function file(verdict)
  return function()
    review().verdict_file(verdict)
  end
end

---@param word string
---@return fun()
local function act(word)
  return function()
    local place = require("athena.review.buffers").here().place
    local turn = place.scope == "turn" and place.turnId or nil
    local repository = place.repository or require("athena.places").OWN
    require("athena.commands").run(
      word,
      { agent = place.agent, repository = repository, turnId = turn }
    )
  end
end

local BOTH = { "n", "x" }

---@type athena.Key[]
return {
  { "ga", "accept", "accept the hunk, or those selected", hunks("accepted"), mode = BOTH },
  { "gr", "reject", "reject the hunk, or those selected", hunks("rejected"), mode = BOTH },
  { "gu", "reopen", "take the verdict back", hunks("open"), mode = BOTH },
  { "gA", "accept_file", "accept the whole file", file("accepted") },
  { "gR", "reject_file", "reject the whole file", file("rejected") },
  {
    "gc",
    "comment",
    "comment on what a motion covers",
    function()
      return review().comment_operator(false)
    end,
    mode = BOTH,
    expr = true,
  },
  {
    "gcc",
    "comment_line",
    "comment on the line",
    function()
      return review().comment_operator(false) .. "_"
    end,
    expr = true,
  },
  {
    "gC",
    "comment_send",
    "comment, and send it at once",
    function()
      return review().comment_operator(true)
    end,
    mode = BOTH,
    expr = true,
  },
  { "gs", "send", "send the comments to the agent", act("send") },
  {
    "]c",
    "next_hunk",
    "next change",
    function()
      review().jump(1)
    end,
    mode = BOTH,
  },
  {
    "[c",
    "previous_hunk",
    "previous change",
    function()
      review().jump(-1)
    end,
    mode = BOTH,
  },
  {
    "]f",
    "next_file",
    "next file",
    function()
      review().step(1)
    end,
  },
  {
    "[f",
    "previous_file",
    "previous file",
    function()
      review().step(-1)
    end,
  },
  {
    "gf",
    "file",
    "the file itself, to edit it",
    function()
      review().edit()
    end,
  },
  { "gm", "merge", "merge", act("merge") },
  { "gP", "apply", "put what is accepted into the project", act("apply") },
  { "gp", "publish", "publish", act("publish") },
  { "gX", "revert", "revert", act("revert") },
  { "gT", "transcript", "the transcript", act("transcript") },
  {
    "q",
    "close",
    "close the review",
    function()
      review().close()
    end,
  },
}
