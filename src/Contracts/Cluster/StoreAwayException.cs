using Orleans.Runtime;

namespace Mesh.Contracts;

/// <summary>
/// The store of the grains' states does not do its work, so nothing can be promised. Nothing that was acknowledged is lost. Whether this change was made is known only
/// when the store is back; it may be repeated then. The message is for people, and holds nothing of what the store's client said.
/// </summary>
public sealed class StoreAwayException : OrleansException
{
    /// <summary>Makes one.</summary>
    public StoreAwayException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with its cause.</summary>
    public StoreAwayException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether a failure, or what is behind it, is that of a store; a grain that could not be woken because of it hides it in its own.</summary>
    public static bool IsBehind(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (failure is StoreAwayException || failure.Message.Contains(nameof(StoreAwayException), StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
