namespace Partywall.Cli;

/// <summary>What was asked for cannot be done as asked: one line for the user, exit code 64.</summary>
/// <param name="message">What is wrong, and what to do instead.</param>
internal sealed class UsageException(string message) : Exception(message);
