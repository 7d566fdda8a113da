namespace AutonomOS.Host.Commands;

/// <summary>The command line asks for something that is not done: what each option says is right, what they say together is not.</summary>
internal sealed class UsageException : Exception
{
    public UsageException()
        : this("The command line is wrong.")
    {
    }

    public UsageException(string message)
        : base(message)
    {
    }

    public UsageException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}
