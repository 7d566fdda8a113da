using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace AutonomOS.Records;

/// <summary>An API key, <c>id.secret</c>: the id is public and finds the key, the secret (256 random bits) proves it.</summary>
/// <remarks>
/// Only SHA-256 of the secret is stored. A slow password hash would add nothing: there is no dictionary of 256 random
/// bits. <see cref="ToString"/> gives the id alone, so a key that strays into a log does no harm.
/// </remarks>
public sealed class ApiKey
{
    private static readonly SearchValues<char> IdDigits = SearchValues.Create("0123456789abcdef");
    private static readonly SearchValues<char> SecretDigits = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private readonly string _secret;

    private ApiKey(string id, string secret)
    {
        Id = id;
        _secret = secret;
    }

    /// <summary>Characters of the id.</summary>
    public const int IdLength = 20;

    /// <summary>Characters of the secret: 256 bits in base64url.</summary>
    public const int SecretLength = 43;

    /// <summary>Bytes of a stored hash.</summary>
    public const int HashBytes = SHA256.HashSizeInBytes;

    /// <summary>The public half.</summary>
    public string Id { get; }

    /// <summary>A new key from the operating system's random numbers.</summary>
    public static ApiKey New() => new(
        Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdLength / 2)),
        Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)));

    /// <summary>Takes what a caller presented.</summary>
    /// <returns>False when it has not the form of a key.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ApiKey? key)
    {
        if (text is { Length: IdLength + 1 + SecretLength } && text[IdLength] == '.'
            && !text.AsSpan(0, IdLength).ContainsAnyExcept(IdDigits)
            && !text.AsSpan(IdLength + 1).ContainsAnyExcept(SecretDigits))
        {
            key = new ApiKey(text[..IdLength], text[(IdLength + 1)..]);
            return true;
        }

        key = null;
        return false;
    }

    /// <summary>What is stored of the key.</summary>
    public byte[] Hash() => HashOf(_secret);

    /// <summary>Whether this key's secret is the one whose hash is given; takes the same time whatever the answer.</summary>
    public bool Matches(ReadOnlySpan<byte> hash) => CryptographicOperations.FixedTimeEquals(Hash(), hash);

    /// <summary>The whole key, to be shown once to its owner.</summary>
    public string Reveal() => $"{Id}.{_secret}";

    /// <summary>The id; never the secret.</summary>
    public override string ToString() => Id;

    /// <summary>SHA-256 of a secret's text.</summary>
    public static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
