using System.Net.Sockets;
using Mesh.Contracts;
using Orleans.Runtime;
using Orleans.Storage;

namespace Mesh.Gateway.Calls;

/// <summary>Why a call to a grain came to nothing, as far as that decides what to do next.</summary>
internal enum GrainFailure
{
    /// <summary>No answer, or one that says that somebody else is to be asked: the silo went away, the activation made way, the time is over. The outcome is unknown.</summary>
    Lost,

    /// <summary>The grain's store did not do its work. The outcome is unknown, and another try will fare no better until the store is back.</summary>
    Store,

    /// <summary>A mistake; another try makes the same.</summary>
    Mistake,
}

/// <summary>Tells failures apart.</summary>
internal static class GrainFailures
{
    /// <summary>What kind of failure this is.</summary>
    public static GrainFailure Of(Exception failure)
    {
        for (var one = failure; one is not null; one = one.InnerException)
        {
            if (one.Message.Contains("RowFormatException", StringComparison.Ordinal) || one.GetType().Name == "RowFormatException")
            {
                return GrainFailure.Mistake;
            }

            if (one is InconsistentStateException)
            {
                return GrainFailure.Lost;
            }

            // The Embedded edition's file; by its name, because the gateway knows no storage.
            if (one.GetType().Name == "StorageException")
            {
                return GrainFailure.Store;
            }
        }

        if (StoreAwayException.IsBehind(failure))
        {
            return GrainFailure.Store;
        }

        return failure is TimeoutException or OrleansException or SocketException or IOException ? GrainFailure.Lost : GrainFailure.Mistake;
    }
}
