{#-
  Whether an account is named like a machine: a word of its own says so, or the name ends in Bot
  with a capital. Measured on 1,290 labelled accounts with many humans named like bots among them
  (Chidambaram et al., BIMBAS): see tests/acceptance/test_actors.py.
-#}
{% macro is_named_like_a_machine(login) -%}
  (
    split_part({{ login }}, '@', 1) ~* '(^|[-_.0-9])(ro)?bots?[0-9]*$'
    or split_part({{ login }}, '@', 1) ~ '[a-z0-9](Bot|BOT|Robot)[0-9]*$'
    or split_part({{ login }}, '@', 1)
    ~* '(^|[-_.])(bot|ci|jenkins|automation|automator|autobuild|buildbot|svc)([-_.]|$)'
    or split_part({{ login }}, '@', 1) ~* '(^|[-_.])(service|machine)-?(account|user)([-_.]|$)'
  )
{%- endmacro %}

{#- Addresses and accounts that AI agents write into `Co-authored-by` trailers. -#}
{% macro is_ai_coauthored(message) -%}
  (
    {{ message }} ilike '%co-authored-by:%'
    and {{ message }} ~* (
      '\nco-authored-by:[^\n<]*<([0-9]+\+)?(noreply@anthropic\.com|noreply@opencode\.ai'
      || '|cursoragent@cursor\.com|aider@aider\.chat|codex@openai\.com|amp@ampcode\.com'
      || '|(copilot|copilot-swe-agent\[bot\]|claude\[bot\]|devin-ai-integration\[bot\]'
      || '|gemini-code-assist\[bot\]|google-labs-jules\[bot\]|chatgpt-codex-connector\[bot\])'
      || '@users\.noreply\.github\.com)>'
    )
  )
{%- endmacro %}
