namespace AutonomOS.Host.Commands;

/// <summary>The command cannot start. The message is one line for a person: what is wrong and what to do about it.</summary>
internal sealed class StartException : Exception
{
    public StartException()
        : this("The command could not start.")
    {
    }

    public StartException(string message)
        : base(message)
    {
    }

    public StartException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}
